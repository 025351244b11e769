package transfer

import (
	"bufio"
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gantry/connectors"
	"gantry/connectors/servers"
	"gantry/transfer/docket"
	"gantry/transfer/journal"
)

// killedAt is a child that has sent so many parts of a file of parts, and was killed
// while it sent the next ones.
func killedAt(t *testing.T, to connectors.Location, name string, sent, parts int) (c child, data []byte) {
	t.Helper()
	dir := t.TempDir()
	data = content(uint64(len(name)), parts*bigPart-12345)
	must(t, os.MkdirAll(filepath.Join(dir, "source"), 0o755))
	must(t, os.WriteFile(filepath.Join(dir, "source", name), data, 0o644))
	c = child{Journal: filepath.Join(dir, "journal"), SourceDir: filepath.Join(dir, "source"), Name: name, To: []connectors.Location{to}, Sends: sent}
	c.sendAndDie(t)
	must(t, os.RemoveAll(c.Journal))
	return c, data
}

// sendAndDie ends the child when it has sent what it may.
func (c child) sendAndDie(t *testing.T) {
	t.Helper()
	end := c.sendOn(t)
	end()
}

// sendOn leaves the child waiting when it has sent what it may. end kills it.
func (c child) sendOn(t *testing.T) (end func()) {
	t.Helper()
	spec, err := json.Marshal(c)
	must(t, err)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childSpec+"="+string(spec))
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	lines, wrote := bufio.NewScanner(out), 0
	for wrote < c.Sends && lines.Scan() {
		if strings.HasPrefix(lines.Text(), "wrote ") {
			wrote++
		}
	}
	if wrote < c.Sends {
		t.Fatal("the child has ended too soon")
	}
	return func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
}

// again runs the job in this process, and gives the copy and how many parts were sent.
func (c child) again(t *testing.T) (Copy, int) {
	t.Helper()
	c.Sends = 0
	j, err := journal.Open(c.Journal, journal.Options{})
	must(t, err)
	defer j.Close()
	job, err := c.job(t.Context())
	must(t, err)
	place := job.Destinations[0].Place.(*script)
	defer place.Close()
	place.write, place.commit = nil, nil
	receipt, err := c.engine(j).Run(t.Context(), job)
	must(t, err)
	return receipt.Copies[0], int(place.writes.Load())
}

// tidy says that neither an upload nor a docket is left.
func (w *world) tidy(t *testing.T, c child) {
	t.Helper()
	sweeper, _ := connectors.As[connectors.Sweeper](w.open(t, c.To[0]))
	for u, err := range sweeper.Unfinished(t.Context(), "") {
		must(t, err)
		if u.Path == "" || strings.Contains(u.Path, c.Name) {
			t.Errorf("an upload is left: %+v", u)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(c.Journal), "uploads", "*")); len(left) > 0 {
		t.Errorf("dockets are left: %v", left)
	}
}

// stagedIn is the only file of a staging folder.
func stagedIn(t *testing.T, root string) string {
	t.Helper()
	found, _ := filepath.Glob(filepath.Join(root, ".gantry-uploads", "*"))
	if len(found) != 1 {
		t.Fatalf("staged are %v", found)
	}
	return found[0]
}

// A killed process whose journal is lost costs a reading of what it had sent, and no
// sending. What was changed meanwhile is sent anew, and what was damaged is.
func TestALostJournalCostsNoSending(t *testing.T) {
	t.Parallel()
	ftpd, err := servers.StartVSFTPD(t.Context(), filepath.Join(t.TempDir(), "vsftpd"), servers.FTPOptions{})
	must(t, err)
	t.Cleanup(func() { _ = ftpd.Stop() })
	os.Setenv("TEST_FTP_PASSWORD", ftpd.Password)
	w := theWorld(t)
	const parts, sent = 7, 4
	etags := w.locations[3]
	etags.Name, etags.Options = "s3etags", maps.Clone(etags.Options)
	etags.Options["checksum"] = "none"
	for _, to := range append(w.locations[:4:4], etags, connectors.Location{Name: "vsftpd", URL: ftpd.URL(ftpd.Root), Options: map[string]string{"password": "env:TEST_FTP_PASSWORD"}}) {
		root, files := "", !strings.HasPrefix(to.URL, "s3")
		if files { // each has its own, so that a sweep sees what is left
			to.URL = strings.TrimSuffix(to.URL, "/") + "/lost-" + to.Name
			root = strings.TrimPrefix(to.URL[strings.Index(to.URL, "://")+3:], "")
			root = root[strings.Index(root, "/"):]
			if to.Name == "vsftpd" {
				root = filepath.Join(ftpd.Dir, "lost-vsftpd")
			}
		}
		t.Run(to.Name, func(t *testing.T) {
			t.Parallel()
			t.Run("as it was", func(t *testing.T) {
				c, data := killedAt(t, to, "same-"+to.Name, sent, parts)
				copied, writes := c.again(t)
				w.delivered(t, to, c.Name, data)
				if writes != parts-sent || copied.Resumed != sent || copied.Proof != proofOn(to.Name) {
					t.Errorf("%d parts were sent: %+v", writes, copied)
				}
				w.tidy(t, c)
			})
			t.Run("another source", func(t *testing.T) {
				c, _ := killedAt(t, to, "changed-"+to.Name, sent, parts)
				data := content(99, 3*bigPart+5)
				must(t, os.WriteFile(filepath.Join(c.SourceDir, c.Name), data, 0o644))
				copied, _ := c.again(t)
				w.delivered(t, to, c.Name, data)
				if copied.Resumed != 0 {
					t.Errorf("got %+v", copied)
				}
				w.tidy(t, c)
			})
			if !files {
				return
			}
			t.Run("a damaged part", func(t *testing.T) {
				c, data := killedAt(t, to, "damaged-"+to.Name, sent, parts)
				f, err := os.OpenFile(stagedIn(t, root), os.O_RDWR, 0)
				must(t, err)
				_, err = f.WriteAt([]byte{data[2*bigPart+7] ^ 1}, 2*bigPart+7)
				must(t, err)
				must(t, f.Close())
				copied, _ := c.again(t)
				w.delivered(t, to, c.Name, data)
				if copied.Resumed < 2 {
					t.Errorf("got %+v", copied)
				}
				w.tidy(t, c)
			})
			t.Run("without a docket", func(t *testing.T) {
				c, data := killedAt(t, to, "found-"+to.Name, sent, parts)
				must(t, os.RemoveAll(filepath.Join(filepath.Dir(c.Journal), "uploads")))
				past := time.Now().Add(-rest - time.Minute)
				must(t, os.Chtimes(stagedIn(t, root), past, past))
				copied, writes := c.again(t)
				w.delivered(t, to, c.Name, data)
				if writes != parts-sent || copied.Resumed != sent {
					t.Errorf("%d parts were sent: %+v", writes, copied)
				}
				w.tidy(t, c)
			})
		})
	}
}

// What another process sends is left to it.
func TestALiveUploadIsNotTakenOver(t *testing.T) {
	t.Parallel()
	w := theWorld(t)
	for _, to := range []connectors.Location{w.locations[0], w.locations[2]} {
		t.Run(to.Name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			data := content(5, 6*bigPart)
			must(t, os.WriteFile(filepath.Join(dir, "live"), data, 0o644))
			c := child{Journal: filepath.Join(dir, "journal"), SourceDir: dir, Name: "live", To: []connectors.Location{to}, Sends: 3}
			end := c.sendOn(t)
			defer end()
			c.Journal = filepath.Join(dir, "other")
			copied, _ := c.again(t)
			if copied.Resumed != 0 || copied.SentBytes != int64(len(data)) {
				t.Errorf("got %+v", copied)
			}
			left := 0
			sweeper, _ := connectors.As[connectors.Sweeper](w.open(t, to))
			for u, err := range sweeper.Unfinished(t.Context(), "") {
				must(t, err)
				if u.Path == "" || u.Path == "in/live" {
					left++
				}
			}
			if left == 0 {
				t.Error("the upload of the other process is gone")
			}
			w.delivered(t, to, "live", data)
		})
	}
}

// A job whose upload another process has taken up meanwhile sends its own.
func TestAnUploadThatAnotherHasTakenUpIsLeftToIt(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	job, to, data := s.brokenOff(6)
	taken, _ := docket.In(filepath.Join(s.dir, "uploads")).Claim(docket.Way{From: "source", FromPath: "clip", To: "to0", ToPath: "clip"}, time.Now())
	if len(taken) != 1 {
		t.Fatalf("dockets are %v", taken)
	}
	defer taken[0].Release()
	to.write = nil
	if c := s.run(job).Copies[0]; c.Resumed != 0 || c.SentBytes != int64(len(data)) {
		t.Errorf("got %+v", c)
	}
	if !bytes.Equal(s.bytes("a", "clip"), data) {
		t.Error("it is another file")
	}
	if left := s.unfinished(to.Place); len(left) != 1 || left[0] != taken[0].ID {
		t.Errorf("a sweep finds %v, and not the other's upload", left)
	}
}
