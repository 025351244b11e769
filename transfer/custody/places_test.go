package custody

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"gantry/connectors"
	"gantry/connectors/all"
	"gantry/connectors/servers"
)

// A history is the same in every place: begun on disk, carried to a server, continued there and held against the files.
func TestHistoriesOnServers(t *testing.T) {
	t.Parallel()
	places := map[string]func(t *testing.T) connectors.Location{"s3": s3Location, "sftp": sftpLocation}
	for name, locate := range places {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStand(t, "Clips/a.mov=one", "notes.txt=", "In/x=2")
			if _, err := Create(t.Context(), s.Place, "In", s.options()); err != nil {
				t.Fatal(err)
			}
			s.create(func(o *CreateOptions) { o.Formats = []string{"md5"} })
			h, err := Read(t.Context(), s.Place, "", nil)
			if err != nil {
				t.Fatal(err)
			}
			place, err := all.Open(t.Context(), locate(t))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = place.Close() })
			for path, content := range s.tree() {
				if !IsHistory(path) {
					if err := put(t.Context(), place, "2026/A001/"+path, []byte(content), true); err != nil {
						t.Fatal(err)
					}
				}
			}
			for range 2 { // again, as after a crash
				if err := Carry(t.Context(), s.Place, "", place, "2026/A001", h); err != nil {
					t.Fatal(err)
				}
			}
			r, err := Create(t.Context(), place, "2026/A001", s.options())
			if err != nil || says(r) != "" || r.Verified != 3 || len(r.Written) != 2 || r.Written[0].Path[:len("2026/A001/ascmhl/0002_A001_")] != "2026/A001/ascmhl/0002_A001_" {
				t.Fatalf("%+v, %v", r, err)
			}
			if r, err := Verify(t.Context(), place, "2026/A001", VerifyOptions{}); err != nil || says(r) != "" {
				t.Errorf("%s, %v", says(r), err)
			}
			if r, _, err := VerifyFolders(t.Context(), place, "2026/A001", FolderOptions{}); err != nil || says(r) != "" {
				t.Errorf("%s, %v", says(r), err)
			}
			above, root, err := Above(t.Context(), place, "2026/A001/In/x")
			if err != nil || root != "2026/A001/In" || len(above.Links) != 3 {
				t.Errorf("above: %v %q %v", above, root, err)
			}
			if err := place.Remove(t.Context(), "2026/A001/notes.txt"); err != nil {
				t.Fatal(err)
			}
			if r, err := Verify(t.Context(), place, "2026/A001", VerifyOptions{Quick: true}); err != nil || says(r) != "missing notes.txt" {
				t.Errorf("%s, %v", says(r), err)
			}
		})
	}
}

func s3Location(t *testing.T) connectors.Location {
	g, err := servers.StartVersityGW(context.WithoutCancel(t.Context()), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = g.Stop() })
	if err := g.MakeBucket(t.Context(), "vault"); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	options := map[string]string{"region": g.Region}
	for option, value := range map[string]string{"accessKey": g.AccessKey, "secretKey": g.SecretKey} {
		file := filepath.Join(dir, option)
		if err := os.WriteFile(file, []byte(value), 0o600); err != nil {
			t.Fatal(err)
		}
		options[option] = "file:" + file
	}
	return connectors.Location{URL: "s3+" + g.Endpoint + "/vault", Options: options}
}

func sftpLocation(t *testing.T) connectors.Location {
	dir := t.TempDir()
	sshd, err := servers.StartSSHD(context.WithoutCancel(t.Context()), filepath.Join(dir, "sshd"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sshd.Stop() })
	return connectors.Location{URL: sshd.URL(dir), Options: map[string]string{"identityFile": sshd.IdentityFile, "knownHosts": sshd.KnownHosts}}
}
