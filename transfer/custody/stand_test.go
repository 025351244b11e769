package custody

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"gantry/connectors"
	"gantry/connectors/all"
)

var noon = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

// A stand is a folder of this machine and a clock that goes on by a second a look.
type stand struct {
	t   *testing.T
	dir string
	connectors.Place

	mu sync.Mutex
	at time.Time
}

func newStand(t *testing.T, files ...string) *stand {
	t.Helper()
	s := &stand{t: t, dir: filepath.Join(t.TempDir(), "A001"), at: noon}
	s.write(files...)
	s.open()
	return s
}

// copied is a stand with a copy of a folder of testdata.
func copied(t *testing.T, folder string) *stand {
	t.Helper()
	s := &stand{t: t, dir: filepath.Join(t.TempDir(), filepath.Base(folder)), at: noon}
	if err := os.CopyFS(s.dir, os.DirFS(filepath.Join("testdata", folder))); err != nil {
		t.Fatal(err)
	}
	s.open()
	return s
}

func (s *stand) open() {
	s.t.Helper()
	place, err := all.Open(s.t.Context(), connectors.Location{URL: "file://" + filepath.ToSlash(s.dir)})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = place.Close() })
	s.Place = place
}

// write makes files: "path=content".
func (s *stand) write(files ...string) {
	s.t.Helper()
	for _, f := range files {
		name, content, _ := strings.Cut(f, "=")
		p := filepath.Join(s.dir, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			s.t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(content), 0o644); err != nil {
			s.t.Fatal(err)
		}
	}
}

func (s *stand) remove(names ...string) {
	s.t.Helper()
	for _, name := range names {
		found, err := filepath.Glob(filepath.Join(s.dir, name))
		if err != nil || len(found) == 0 {
			s.t.Fatalf("nothing to remove at %s (%v)", name, err)
		}
		for _, f := range found {
			if err := os.RemoveAll(f); err != nil {
				s.t.Fatal(err)
			}
		}
	}
}

func (s *stand) rename(from, to string) {
	s.t.Helper()
	if err := os.Rename(filepath.Join(s.dir, from), filepath.Join(s.dir, to)); err != nil {
		s.t.Fatal(err)
	}
}

func (s *stand) now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at = s.at.Add(time.Second)
	return s.at
}

func (s *stand) options() CreateOptions {
	return CreateOptions{Maker: Maker{Host: "venue-1", Tool: "gantry", Version: "1"}, Now: s.now}
}

func (s *stand) create(change ...func(*CreateOptions)) *Report {
	s.t.Helper()
	o := s.options()
	for _, c := range change {
		c(&o)
	}
	r, err := Create(s.t.Context(), s.Place, "", o)
	if err != nil {
		s.t.Fatal(err)
	}
	return r
}

func (s *stand) verify() *Report {
	s.t.Helper()
	r, err := Verify(s.t.Context(), s.Place, "", VerifyOptions{})
	if err != nil {
		s.t.Fatal(err)
	}
	return r
}

// manifest reads a history's newest manifest.
func (s *stand) manifest(home string) string {
	s.t.Helper()
	found, _ := filepath.Glob(filepath.Join(s.dir, home, "ascmhl", "*.mhl"))
	if len(found) == 0 {
		s.t.Fatalf("no manifest in %s", home)
	}
	text, err := os.ReadFile(found[len(found)-1])
	if err != nil {
		s.t.Fatal(err)
	}
	return string(text)
}

// tree is every file of the stand with its content.
func (s *stand) tree() map[string]string {
	s.t.Helper()
	files := map[string]string{}
	err := fs.WalkDir(os.DirFS(s.dir), ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(filepath.Join(s.dir, p))
		files[p] = string(data)
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return files
}

// says is a report in one line.
func says(r *Report) string {
	var said []string
	for _, f := range r.Findings {
		said = append(said, fmt.Sprintf("%s %s", f.Kind, f.Path))
	}
	slices.Sort(said)
	return strings.Join(said, ", ")
}

// bare hides all that a place can do beyond the contract, above all that it is on this machine's disks.
type bare struct {
	connectors.Place
	begin func(path string) error
}

func (b bare) Begin(ctx context.Context, path string, o connectors.UploadOptions) (connectors.Upload, error) {
	if b.begin != nil {
		if err := b.begin(path); err != nil {
			return nil, err
		}
	}
	return b.Place.Begin(ctx, path, o)
}
