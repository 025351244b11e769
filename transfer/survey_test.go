package transfer

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gantry/connectors"
	"gantry/connectors/servers"
	"gantry/connectors/sftp"
	"gantry/connectors/wrap"
)

// overSSH is a folder of a server with these lines of configuration.
func overSSH(t *testing.T, lines ...string) (connectors.Place, string) {
	t.Helper()
	s, err := servers.StartSSHDWith(t.Context(), t.TempDir(), servers.SSHDOptions{Lines: lines})
	must(t, err)
	t.Cleanup(func() { _ = s.Stop() })
	root := t.TempDir()
	place, err := sftp.Connector().Open(t.Context(), connectors.Location{URL: s.URL(root), Options: map[string]string{"identityFile": s.IdentityFile, "knownHosts": s.KnownHosts}})
	must(t, err)
	t.Cleanup(func() { _ = place.Close() })
	return place, root
}

const commandSize = 17 * mib // is worth a command

func TestALargeCopyIsProvedByTheServersCommand(t *testing.T) {
	t.Parallel()
	s := newStage(t, func(o *Options) { o.PartSize = 4 * mib })
	place, root := overSSH(t)
	reads := 0
	watched := once(place, func() { reads++ }, nil, wrap.OpenStaged)
	data := s.file("clip", commandSize)
	job := s.job("clip")
	job.Destinations = []Destination{{Place: watched, Location: "ssh", Path: "clip"}}
	c := s.run(job).Copies[0]
	if c.Proof != ProofNative || c.ProofDigest != connectors.XXH128 || len(c.Notes) > 0 || reads > 0 {
		t.Errorf("it is proved so, and read back %d times: %+v", reads, c)
	}
	got, err := os.ReadFile(filepath.Join(root, "clip"))
	if must(t, err); string(got) != string(data) {
		t.Error("the copy is another file")
	}
	left, _ := os.ReadDir(filepath.Join(root, ".gantry-uploads"))
	if len(left) > 0 {
		t.Errorf("the trial leaves %v", left)
	}

	s.file("small", 2*mib)
	small := s.job("small")
	small.Destinations = []Destination{{Place: watched, Location: "ssh", Path: "small"}}
	if c := s.run(small).Copies[0]; c.Proof != ProofReadback || !strings.Contains(c.ProofReason, "sooner read") {
		t.Errorf("a small file: %+v", c)
	}
}

// What the server's command finds wrong is read, so that the wrong part alone is sent again.
func TestAFlippedBitIsFoundByTheServersCommand(t *testing.T) {
	t.Parallel()
	s := newStage(t, func(o *Options) { o.PartSize = 4 * mib })
	place, root := overSSH(t)
	data := s.file("clip", commandSize)
	spoiled := once(place, func() {
		names, err := filepath.Glob(filepath.Join(root, ".gantry-uploads", "*"))
		if must(t, err); len(names) != 1 {
			t.Fatalf("staged are %v", names)
		}
		flipByte(t, names[0], 9*mib)
	}, nil, wrap.HashStaged)
	job := s.job("clip")
	job.Destinations = []Destination{{Place: spoiled, Location: "ssh", Path: "clip"}}
	c := s.run(job).Copies[0]
	if c.Proof != ProofNative || c.Resent != 4*mib {
		t.Errorf("%d bytes were sent again: %+v", c.Resent, c)
	}
	got, err := os.ReadFile(filepath.Join(root, "clip"))
	if must(t, err); string(got) != string(data) {
		t.Error("the copy is another file")
	}
}

// A server that runs no commands is read back from, and the receipt says why.
func TestACopyIsReadBackWithoutCommands(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	place, root := overSSH(t, "ForceCommand internal-sftp")
	data := s.file("clip", commandSize)
	job := s.job("clip")
	job.Destinations = []Destination{{Place: place, Location: "ssh", Path: "clip"}}
	c := s.run(job).Copies[0]
	if c.Proof != ProofReadback || !strings.Contains(c.ProofReason, "does not run commands") || len(c.Notes) > 0 {
		t.Errorf("%+v", c)
	}
	got, err := os.ReadFile(filepath.Join(root, "clip"))
	if must(t, err); string(got) != string(data) {
		t.Error("the copy is another file")
	}
}

func flipByte(t *testing.T, name string, at int64) {
	t.Helper()
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	must(t, err)
	defer f.Close()
	var b [1]byte
	_, err = f.ReadAt(b[:], at)
	must(t, err)
	b[0] ^= 4
	_, err = f.WriteAt(b[:], at)
	must(t, err)
}
