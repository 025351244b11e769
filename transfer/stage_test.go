package transfer

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gantry/connectors"
	"gantry/connectors/local"
	"gantry/transfer/digest"
	"gantry/transfer/journal"
)

// A stage has a source folder, destination folders and an engine with small parts
// and little patience.
type stage struct {
	t       *testing.T
	ctx     context.Context
	dir     string
	journal *journal.Journal
	engine  *Engine
	source  *script
}

const part = 64 << 10 // bytes of a part on the stage

func newStage(t *testing.T, change ...func(*Options)) *stage {
	t.Helper()
	s := &stage{t: t, ctx: t.Context(), dir: t.TempDir()}
	s.source = &script{Place: s.folder("source")}
	s.start(change...)
	return s
}

// start gives the stage an engine and a journal, as a new process would.
func (s *stage) start(change ...func(*Options)) {
	s.t.Helper()
	if s.journal != nil {
		must(s.t, s.journal.Close())
	}
	j, err := journal.Open(filepath.Join(s.dir, "journal"), journal.Options{})
	must(s.t, err)
	s.t.Cleanup(func() { j.Close() })
	s.journal = j
	o := Options{
		Journal: j, PartSize: part, Parallel: 3, Patience: 2 * time.Second, Jitter: func() float64 { return 0 }, Scratch: filepath.Join(s.dir, "scratch"), Dockets: filepath.Join(s.dir, "uploads"),
		Logger: slog.New(slog.NewTextHandler(testLog{s.t}, &slog.HandlerOptions{Level: slog.LevelWarn})),
	}
	for _, c := range change {
		c(&o)
	}
	s.engine = New(o)
}

type testLog struct{ t *testing.T }

func (l testLog) Write(p []byte) (int, error) {
	l.t.Log(strings.TrimSpace(string(p)))
	return len(p), nil
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (s *stage) folder(name string) connectors.Place {
	s.t.Helper()
	return openFolder(s.t, filepath.Join(s.dir, name))
}

func openFolder(t *testing.T, dir string) connectors.Place {
	t.Helper()
	must(t, os.MkdirAll(dir, 0o755))
	p, err := local.Connector().Open(context.Background(), connectors.Location{URL: "file://" + dir})
	must(t, err)
	t.Cleanup(func() { p.Close() })
	return p
}

func content(seed uint64, size int) []byte {
	data := make([]byte, size)
	var key [32]byte
	key[0], key[1] = byte(seed), byte(seed>>8)
	_, _ = rand.NewChaCha8(key).Read(data)
	return data
}

// file puts a file into the source folder.
func (s *stage) file(name string, size int) []byte {
	s.t.Helper()
	data := content(uint64(len(name)), size)
	s.put(name, data)
	return data
}

func (s *stage) put(name string, data []byte) {
	s.t.Helper()
	path := filepath.Join(s.dir, "source", name)
	must(s.t, os.MkdirAll(filepath.Dir(path), 0o755))
	must(s.t, os.WriteFile(path, data, 0o644))
}

// job copies a file of the source folder to places under the same name.
func (s *stage) job(name string, to ...connectors.Sink) Job {
	j := Job{ID: "job-" + name, Source: Source{Place: s.source, Location: "source", Path: name}}
	for i, place := range to {
		j.Destinations = append(j.Destinations, Destination{Place: place, Location: fmt.Sprint("to", i), Path: name})
	}
	return j
}

func (s *stage) run(j Job) Receipt {
	s.t.Helper()
	receipt, err := s.engine.Run(s.ctx, j)
	must(s.t, err)
	return receipt
}

// fails runs a job that has to fail with an error of that kind.
func (s *stage) fails(j Job, kind connectors.Kind) (Receipt, error) {
	s.t.Helper()
	receipt, err := s.engine.Run(s.ctx, j)
	if connectors.KindOf(err) != kind {
		s.t.Fatalf("got error %v (%s), want %s", err, connectors.KindOf(err), kind)
	}
	return receipt, err
}

// holds says that the folder has exactly these bytes under a name, and nothing else.
func (s *stage) holds(folder, name string, want []byte) {
	s.t.Helper()
	got, err := os.ReadFile(filepath.Join(s.dir, folder, name))
	must(s.t, err)
	if !bytes.Equal(got, want) {
		s.t.Fatalf("%s/%s has %d bytes that are not the %d wanted", folder, name, len(got), len(want))
	}
	s.has(folder, name)
}

// has lists a folder with its staging files.
func (s *stage) has(folder string, want ...string) {
	s.t.Helper()
	var got []string
	root := filepath.Join(s.dir, folder)
	must(s.t, filepath.WalkDir(root, func(path string, e os.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			path, _ = filepath.Rel(root, path)
			got = append(got, path)
		}
		return err
	}))
	if strings.Join(got, " ") != strings.Join(want, " ") {
		s.t.Fatalf("%s has %v, want %v", folder, got, want)
	}
}

// unmarked says that the journal has nothing under way.
func (s *stage) unmarked() {
	s.t.Helper()
	for job, err := range s.journal.Jobs() {
		must(s.t, err)
		s.t.Fatalf("the journal still has job %s", job.ID)
	}
}

func sums(t *testing.T, data []byte, algorithms ...connectors.Algorithm) connectors.Digests {
	t.Helper()
	d, err := digest.Of(data, algorithms...)
	must(t, err)
	return d
}
