package sftp_test

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/zeebo/xxh3"

	"gantry/connectors"
	"gantry/connectors/servers"
	"gantry/connectors/sftp"
)

// survey has the place try the server's commands, whatever the size of a file.
func survey(t *testing.T, place connectors.Place) (missing string) {
	t.Helper()
	s, ok := connectors.As[connectors.Surveyor](place)
	if !ok {
		t.Fatal("the place makes no survey")
	}
	return s.Survey(t.Context(), -1)
}

// startLines runs a server with these lines of configuration.
func startLines(t *testing.T, lines ...string) *servers.SSHD {
	t.Helper()
	s, err := servers.StartSSHDWith(t.Context(), t.TempDir(), servers.SSHDOptions{Lines: lines})
	must(t, err)
	t.Cleanup(func() { _ = s.Stop() })
	return s
}

// sums are the digests that servers' programs compute.
func sums(data []byte) connectors.Digests {
	wide, narrow, older, oldest := xxh3.Hash128(data).Bytes(), sha256.Sum256(data), sha1.Sum(data), md5.Sum(data)
	return connectors.Digests{
		connectors.XXH128: hex.EncodeToString(wide[:]), connectors.SHA256: hex.EncodeToString(narrow[:]),
		connectors.SHA1: hex.EncodeToString(older[:]), connectors.MD5: hex.EncodeToString(oldest[:]),
	}
}

// tools is a folder with nothing but these programs of the system in it.
func tools(t *testing.T, names ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range names {
		path, err := exec.LookPath(name)
		if err != nil {
			t.Fatalf("%s is needed: install it (%v)", name, err)
		}
		must(t, os.Symlink(path, filepath.Join(dir, name)))
	}
	return dir
}

// staged begins an upload and writes data to it.
func staged(t *testing.T, place connectors.Place, path string, data []byte) connectors.Upload {
	t.Helper()
	up, err := place.Begin(t.Context(), path, connectors.UploadOptions{Size: int64(len(data))})
	must(t, err)
	_, err = up.WritePart(t.Context(), connectors.Part{Number: 1, Size: int64(len(data))}, bytes.NewReader(data))
	must(t, err)
	return up
}

func hashStaged(t *testing.T, up connectors.Upload, want ...connectors.Algorithm) (connectors.Digests, error) {
	t.Helper()
	hasher, ok := connectors.As[connectors.StagedHasher](up)
	if !ok {
		t.Fatal("the upload tells no digests")
	}
	return hasher.HashStaged(t.Context(), want...)
}

func noise(size int) []byte {
	data := make([]byte, size)
	_, _ = rand.Read(data)
	return data
}

// Whatever programs a server has, the quickest is asked, and only what it has is offered.
func TestDigestsByCommand(t *testing.T) {
	t.Parallel()
	data := noise(100_001)
	ours := sums(data)
	for name, c := range map[string]struct {
		has  []string
		want []connectors.Algorithm
	}{
		"xxhsum is enough":           {[]string{"xxhsum", "openssl", "md5sum"}, []connectors.Algorithm{connectors.XXH128}},
		"OpenSSL before coreutils":   {[]string{"openssl", "sha256sum", "md5sum"}, []connectors.Algorithm{connectors.SHA256, connectors.SHA1, connectors.MD5}},
		"coreutils":                  {[]string{"sha256sum", "sha1sum", "md5sum"}, []connectors.Algorithm{connectors.MD5, connectors.SHA1, connectors.SHA256}},
		"nothing but sha256sum":      {[]string{"sha256sum"}, []connectors.Algorithm{connectors.SHA256}},
		"a tool of macOS and of BSD": {[]string{"shasum", "perl"}, []connectors.Algorithm{connectors.SHA1, connectors.SHA256}},
		"none":                       {[]string{"true"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			place := open(t, location(startLines(t, "SetEnv PATH="+tools(t, c.has...)), t.TempDir()))
			missing := survey(t, place)
			computes := place.Traits().Computes
			if !slices.Equal(computes, c.want) || (missing == "") != (len(c.want) > 0) {
				t.Fatalf("it computes %v (%q); want %v", computes, missing, c.want)
			}
			up := staged(t, place, "clip", data)
			for _, a := range c.want {
				got, err := hashStaged(t, up, a)
				if must(t, err); got[a] != ours[a] {
					t.Errorf("%s = %q; want %q", a, got[a], ours[a])
				}
			}
			if _, err := hashStaged(t, up, connectors.C4); connectors.KindOf(err) != connectors.KindUnsupported {
				t.Errorf("a digest that it does not have: %v", err)
			}
			must(t, up.Abort(t.Context()))
		})
	}
}

// No name means anything to a shell.
func TestDigestsOfOddNames(t *testing.T) {
	t.Parallel()
	s := start(t)
	data := noise(5000)
	ours := sums(data)
	for _, name := range []string{"two\nlines\n", "it's", `"quoted"`, "-n", "--help", `back\slash\\n`, "$(touch gone)`id`", "a  b\t*?[", "héé\xff", "!x;&|>y#"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), name)
			place := open(t, location(s, dir))
			if missing := survey(t, place); missing != "" {
				t.Fatal(missing)
			}
			got, err := hashStaged(t, staged(t, place, "clip", data), connectors.XXH128)
			if must(t, err); got[connectors.XXH128] != ours[connectors.XXH128] {
				t.Errorf("it is %v; want %v", got, ours)
			}
		})
	}
}

// Servers that run no commands, or show commands another root, are read back from. What
// they answer is told.
func TestNoCommands(t *testing.T) {
	t.Parallel()
	answering := func(what string) string { // as accounts have it that are for files alone
		return "ForceCommand case \"$SSH_ORIGINAL_COMMAND\" in internal-sftp|*/sftp-server) exec " + sftpServer(t) + " ;; *) " + what + " ;; esac"
	}
	cases := map[string]struct {
		lines []string
		words string
	}{
		"files alone":              {[]string{"ForceCommand internal-sftp"}, "does not run commands"},
		"a refusal":                {[]string{answering("echo This account is for files. >&2; exit 1")}, "This account is for files."},
		"garbage":                  {[]string{answering("head -c 300000 /dev/urandom")}, "does not run commands"},
		"another script's answers": {[]string{answering("cat")}, "does not run commands"},
		"a shell elsewhere":        {[]string{answering("PATH=/bin:/usr/bin; script=`cat`; md5sum() { echo 00000000000000000000000000000000; }; PATH=/nowhere; eval \"$script\"")}, "another file"},
	}
	if os.Getuid() == 0 {
		cases["a root of its own"] = struct {
			lines []string
			words string
		}{[]string{"ForceCommand internal-sftp", "ChrootDirectory " + ownRoot(t)}, "does not run commands"}
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if name == "a root of its own" {
				dir = "/in"
			}
			place := open(t, location(startLines(t, c.lines...), dir))
			missing := survey(t, place)
			if !strings.Contains(missing, c.words) || len(place.Traits().Computes) > 0 || place.Traits().ComputesFrom != 0 {
				t.Errorf("it is found to compute %v: %q; want nothing: %q", place.Traits().Computes, missing, c.words)
			}
			d, err := place.(connectors.Describer).Describe(t.Context())
			must(t, err)
			if d.Options["digestCommands"] != "none" || !slices.ContainsFunc(d.Quirks, func(q connectors.Quirk) bool { return q.Name == "no-commands" && strings.Contains(q.Meaning, c.words) }) {
				t.Errorf("it is described as %+v", d)
			}
			up := staged(t, place, "clip", noise(1000))
			if _, err := hashStaged(t, up, connectors.SHA256); connectors.KindOf(err) != connectors.KindUnsupported {
				t.Errorf("hash: %v", err)
			}
			must(t, up.Abort(t.Context()))
			if dir != "/in" {
				left, err := os.ReadDir(filepath.Join(dir, ".gantry-uploads"))
				if err == nil && len(left) > 0 {
					t.Errorf("the trial leaves %v", left)
				}
			}
		})
	}
}

// A server that is not to be asked is not, and a small file is not worth it.
func TestCommandsOnlyWhereWorthIt(t *testing.T) {
	t.Parallel()
	log := filepath.Join(t.TempDir(), "asked")
	s := startLines(t, "ForceCommand case \"$SSH_ORIGINAL_COMMAND\" in internal-sftp) exec "+sftpServer(t)+" ;; *) echo \"$SSH_ORIGINAL_COMMAND\" >>"+log+"; exec /bin/sh ;; esac")
	asked := func() int {
		text, _ := os.ReadFile(log)
		return strings.Count(string(text), "/bin/sh\n")
	}
	l := location(s, t.TempDir())
	never := location(s, t.TempDir())
	never.Options["digestCommands"] = "none"
	place := open(t, never)
	if s, ok := connectors.As[connectors.Surveyor](place); ok {
		_ = s.Survey(t.Context(), -1)
	}
	place = open(t, l)
	_ = place.(connectors.Surveyor).Survey(t.Context(), 1<<20)
	if n := asked(); n > 0 || len(place.Traits().Computes) > 0 {
		t.Errorf("commands were run %d times; want none", n)
	}
	for range 3 {
		if missing := survey(t, place); missing != "" {
			t.Error(missing)
		}
	}
	if n := asked(); n != 1 {
		t.Errorf("commands were tried %d times; want once", n)
	}
	bad := location(s, t.TempDir())
	bad.Options["digestCommands"] = "perhaps"
	_, err := sftp.Connector().Open(t.Context(), bad)
	wantKind(t, "an option that is none", err, connectors.KindInvalid)
}

// A digest that nobody waits for any more ends at the server, too: one that is called off,
// and one whose connection is lost.
func TestDigestIsCalledOff(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(cancel func(), place connectors.Place){
		"called off": func(cancel func(), _ connectors.Place) { cancel() },
		"cut off":    func(_ func(), place connectors.Place) { _ = place.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bin, pids := tools(t, "true"), filepath.Join(t.TempDir(), "pids")
			program := "#!/bin/sh\nulimit -t 60\necho $$ >>" + pids + "\nexec /usr/bin/md5sum\n" // it ends though this process is killed
			must(t, os.WriteFile(filepath.Join(bin, "md5sum"), []byte(program), 0o700))
			dir := t.TempDir()
			place := open(t, location(startLines(t, "SetEnv PATH="+bin), dir))
			if missing := survey(t, place); missing != "" {
				t.Fatal(missing)
			}
			up := staged(t, place, "clip", noise(1000))
			names, err := filepath.Glob(filepath.Join(dir, ".gantry-uploads", "*"))
			must(t, err)
			for _, name := range names {
				_ = os.Truncate(name, 1<<42) // takes an hour to read
			}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			failed := make(chan error, 1)
			go func() {
				_, err := up.(connectors.StagedHasher).HashStaged(ctx, connectors.MD5)
				failed <- err
			}()
			pid := 0
			t.Cleanup(func() { // before the server is stopped, which a digest that goes on would outlive
				cancel()
				if pid != 0 {
					_ = syscall.Kill(pid, syscall.SIGKILL)
				}
			})
			eventually(t, "the digest is begun", func() bool {
				text, _ := os.ReadFile(pids)
				lines := strings.Fields(string(text))
				if len(lines) == 2 {
					pid, _ = strconv.Atoi(lines[1])
				}
				return pid != 0
			})
			end(cancel, place)
			select {
			case err := <-failed:
				if err == nil {
					t.Error("there is a digest")
				}
			case <-time.After(20 * time.Second):
				t.Fatal("it is still waited for")
			}
			eventually(t, "the digest has ended", func() bool {
				if syscall.Kill(pid, 0) != nil {
					pid = 0 // another process may have it next
				}
				return pid == 0
			})
		})
	}
}

// eventually waits for something that another process does.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !is(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within 20 s: %s", what)
		}
	}
}

// sftpServer is OpenSSH's program for one session.
func sftpServer(t *testing.T) string {
	t.Helper()
	for _, path := range []string{"/usr/lib/openssh/sftp-server", "/usr/libexec/openssh/sftp-server", "/usr/lib/ssh/sftp-server", "/usr/libexec/sftp-server"} {
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	t.Fatal("sftp-server is needed: install OpenSSH's server")
	return ""
}

// ownRoot is a folder that sshd accepts as the root of an account: one that nobody but
// root can replace.
func ownRoot(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/run", "gantry-test-")
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	must(t, os.Chmod(dir, 0o755))
	must(t, os.Mkdir(filepath.Join(dir, "in"), 0o755))
	return dir
}
