package transfer

import (
	"bytes"
	"crypto/rand"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"gantry/connectors/all"
	"golang.org/x/net/webdav"

	"gantry/connectors"
	"gantry/connectors/servers/volume"
)

// A server that can copies the file itself. It is proved as ever.
func TestACopyInsideOfAServerIsMadeByTheServer(t *testing.T) {
	t.Parallel()
	w := theWorld(t)
	from, to := w.locations[1], w.locations[1]
	to.URL, to.Name = to.URL+"-other", "other"
	source, target := w.open(t, from), w.open(t, to)
	if _, ok := connectors.As[connectors.Copier](source); !ok {
		t.Skip("this OpenSSH is older than 9.0 and has no copy-data")
	}
	s := newStage(t, func(o *Options) { o.PartSize = mib })
	data := s.file("in/inside", 4*mib+99)
	there := s.job("in/inside", source)
	there.ID = "there"
	s.run(there)
	counted := &script{Place: target}
	receipt := s.run(Job{
		ID: "inside", Source: Source{Place: source, Location: "sftp", Path: "in/inside"},
		Destinations: []Destination{{Place: counted, Location: "other", Path: "in/inside"}},
	})
	w.delivered(t, to, "inside", data)
	if c := receipt.Copies[0]; !c.ServerSide || c.SentBytes != 0 || c.Proof == ProofSize || counted.writes.Load() != 0 {
		t.Errorf("%d parts were sent: %+v", counted.writes.Load(), c)
	}
	if _, equal := sums(t, data, connectors.XXH128).Agree(receipt.Digests); !equal {
		t.Errorf("got %v", receipt.Digests)
	}
}

// On a file system that lets files share their blocks, a copy of a file takes no room.
func TestACopyOnOneVolumeSharesItsBlocks(t *testing.T) {
	t.Parallel()
	dir := volume.New(t, "xfs", volume.MinXFS)
	s := newStage(t, func(o *Options) { o.PartSize = mib })
	data := content(1, 40*mib+5)
	must(t, os.Mkdir(filepath.Join(dir, "from"), 0o755))
	must(t, os.WriteFile(filepath.Join(dir, "from", "clip"), data, 0o644))
	job := s.job("clip", openFolder(t, filepath.Join(dir, "to")))
	job.Source.Place = openFolder(t, filepath.Join(dir, "from"))
	receipt := s.run(job)
	got, err := os.ReadFile(filepath.Join(dir, "to", "clip"))
	must(t, err)
	if c := receipt.Copies[0]; !bytes.Equal(got, data) || !c.ServerSide || c.SentBytes != 0 || c.Proof != ProofReadback {
		t.Errorf("got %d bytes and %+v", len(got), c)
	}
	out, err := exec.Command("filefrag", "-v", filepath.Join(dir, "to", "clip")).CombinedOutput()
	if err == nil && !strings.Contains(string(out), "shared") {
		t.Errorf("it shares nothing:\n%s", out)
	}
}

// What the storage copies wrong is found by the proof, and sent.
func TestACopyThatTheStorageMakesWrongIsRepaired(t *testing.T) {
	s := newStage(t)
	data := s.file("clip", 6*part)
	to := &script{Place: s.folder("a")}
	to.fill = func(u connectors.Upload) error {
		for n := range 6 {
			wrong := append([]byte{}, data[n*part:(n+1)*part]...)
			if n == 3 {
				wrong[100] ^= 1
			}
			p := connectors.Part{Number: n + 1, Offset: int64(n * part), Size: part}
			if _, err := u.WritePart(s.ctx, p, bytes.NewReader(wrong)); err != nil {
				return err
			}
		}
		return nil
	}
	receipt := s.run(s.job("clip", to))
	s.holds("a", "clip", data)
	if c := receipt.Copies[0]; c.SentBytes != part || to.attempts(4) != 1 {
		t.Errorf("got %+v", c)
	}

	// One that it does not make at all is sent.
	to.fill = func(connectors.Upload) error {
		return connectors.Errorf(connectors.KindPermission, "copy", "clip", "as scripted")
	}
	job := s.job("clip", to)
	job.ID, job.Destinations[0].Path = "second", "second"
	if c := s.run(job).Copies[0]; c.ServerSide || c.SentBytes != int64(len(data)) {
		t.Errorf("got %+v", c)
	}
}

// A store copies between its buckets in one step, and vouches for the copy.
func TestACopyInsideOfAStoreIsMadeByTheStore(t *testing.T) {
	t.Parallel()
	w := theWorld(t)
	for _, from := range w.locations[2:] {
		t.Run(from.Name, func(t *testing.T) {
			t.Parallel()
			to := from
			to.URL, to.Name = to.URL+"/other", "other"
			source, target := w.open(t, from), &script{Place: w.open(t, to)}
			s := newStage(t, func(o *Options) { o.PartSize = bigPart })
			name := "inside-" + from.Name + "-" + rand.Text()
			data := s.file("in/"+name, 3*bigPart+99)
			there := s.job("in/"+name, source)
			there.ID = "there"
			s.run(there)
			job := Job{
				ID: "inside", Source: Source{Place: source, Location: from.Name, Path: "in/" + name},
				Destinations: []Destination{{Place: target, Location: "other", Path: "in/" + name}},
			}
			receipt := s.run(job)
			w.delivered(t, to, name, data)
			if c := receipt.Copies[0]; !c.ServerSide || c.SentBytes != 0 || c.Proof != ProofNative || target.writes.Load() != 0 {
				t.Errorf("%d parts were sent: %+v", target.writes.Load(), c)
			}
			if left := s.unfinished(source, "in/"+name); len(left) != 0 {
				t.Errorf("the uploads %v are left", left)
			}

			// So it is with one that would be sent in one request.
			small := s.file("in/tiny-"+from.Name, 70<<10)
			there = s.job("in/tiny-"+from.Name, source)
			there.ID = "there small"
			s.run(there)
			job.ID, job.Source.Path, job.Destinations[0].Path = "inside small", "in/tiny-"+from.Name, "in/tiny-"+from.Name
			if c := s.run(job).Copies[0]; !c.ServerSide || c.SentBytes != 0 || c.Proof != ProofNative || target.writes.Load() != 0 {
				t.Errorf("%d parts were sent: %+v", target.writes.Load(), c)
			}
			w.delivered(t, to, "tiny-"+from.Name, small)

			// To keep from replacing anything, the store would have to promise more.
			job.ID, job.Source.Path, job.Destinations[0].Path, job.Destinations[0].Exclusive = "exclusive", "in/"+name, "in/second-"+name, true
			if c := s.run(job).Copies[0]; c.ServerSide || c.SentBytes != int64(len(data)) {
				t.Errorf("got %+v", c)
			}
		})
	}
}

// A WebDAV server copies between its folders, and moves within them.
func TestACopyInsideOfAWebServerIsMadeByTheServer(t *testing.T) {
	t.Parallel()
	s, dir := newStage(t), t.TempDir()
	server := httptest.NewServer(&webdav.Handler{FileSystem: webdav.Dir(dir), LockSystem: webdav.NewMemLS()})
	t.Cleanup(server.Close)
	for _, folder := range []string{"a", "b"} {
		must(t, os.MkdirAll(filepath.Join(dir, folder), 0o755))
	}
	open := func(folder string) connectors.Place {
		p, err := all.Open(s.ctx, connectors.Location{URL: server.URL + "/" + folder})
		must(t, err)
		t.Cleanup(func() { p.Close() })
		return p
	}
	data := content(4, 3*part+5)
	must(t, os.WriteFile(filepath.Join(dir, "a", "clip"), data, 0o644))
	target := &script{Place: open("b")}
	job := Job{
		ID: "inside", Source: Source{Place: open("a"), Location: "a", Path: "clip"},
		Destinations: []Destination{{Place: target, Location: "b", Path: "day/clip"}},
	}
	if c := s.run(job).Copies[0]; !c.ServerSide || c.SentBytes != 0 || c.Proof != ProofReadback || target.writes.Load() != 0 {
		t.Errorf("%d parts were sent: %+v", target.writes.Load(), c)
	}
	got, err := os.ReadFile(filepath.Join(dir, "b", "day", "clip"))
	if err != nil || !bytes.Equal(got, data) {
		t.Errorf("%d bytes arrived: %v", len(got), err)
	}
	job.ID, job.Move, job.Destinations[0].Path, job.Destinations[0].Place = "moved", MoveProved, "other/clip", open("b")
	if c := s.run(job).Copies[0]; c.Proof != ProofRenamed {
		t.Errorf("got %+v", c)
	}
	if _, err := os.Stat(filepath.Join(dir, "a", "clip")); err == nil {
		t.Error("the source is still there")
	}
}
