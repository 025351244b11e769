package transfer

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"gantry/connectors"
	"gantry/connectors/servers/volume"
)

// What happens to the source when its fifth part is opened, and how the run ends.
func TestASourceThatGoesAwayInMidRead(t *testing.T) {
	for name, test := range map[string]struct {
		do   func(file string) error
		kind connectors.Kind
	}{
		"it vanishes": {os.Remove, connectors.KindNotFound},
		"another takes its name": {func(file string) error {
			return os.Rename(file+".next", file)
		}, connectors.KindChanged},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, func(o *Options) { o.Parallel = 1; o.Patience = 300 * time.Millisecond })
			data := s.file("day/clip", 8*part)
			next := content(42, 8*part)
			s.put("day/clip.next", next)
			file := filepath.Join(s.dir, "source", "day", "clip")
			s.source.open = func(call int, _ int64, r io.ReadCloser) (io.ReadCloser, error) {
				if call == 5 {
					must(t, test.do(file))
				}
				return r, nil
			}
			job := s.job("day/clip", s.folder("a"))
			_, err := s.engine.Run(s.ctx, job)
			if connectors.KindOf(err) != test.kind {
				t.Fatalf("got %v, want it %s", err, test.kind)
			}
			if _, err := os.Stat(filepath.Join(s.dir, "a", "day", "clip")); err == nil {
				t.Error("something of it is visible")
			}
			if !strings.Contains(err.Error(), "day/clip") {
				t.Errorf("it does not say what of: %v", err)
			}
			// And once it is there again, all ends well.
			s.source.open = nil
			want := data
			switch test.kind {
			case connectors.KindNotFound:
				s.put("day/clip", data)
			case connectors.KindChanged:
				want = next
			}
			s.run(job)
			s.holds("a", "day/clip", want)
		})
	}
}

// A volume that fills up, or is made read-only, ends the run with the reason. When it
// is made good, the same job goes on where it stopped.
func TestAVolumeThatTakesNoMore(t *testing.T) {
	t.Run("it is full", func(t *testing.T) {
		dir := volume.New(t, "tmpfs", 64<<20)
		s := newStage(t, func(o *Options) { o.Patience = 300 * time.Millisecond; o.PartSize = 4 << 20 })
		data := s.file("clip", 40<<20)
		filler := filepath.Join(filepath.Dir(dir), "filler")
		must(t, os.WriteFile(filler, make([]byte, 40<<20), 0o600))
		job := s.job("clip", openFolder(t, dir))
		s.fails(job, connectors.KindNoSpace)
		if _, err := os.Stat(filepath.Join(dir, "clip")); err == nil {
			t.Error("something of it is visible")
		}
		must(t, os.Remove(filler))
		s.run(job)
		if got, err := os.ReadFile(filepath.Join(dir, "clip")); err != nil || string(got) != string(data) {
			t.Errorf("%d bytes arrived: %v", len(got), err)
		}
	})
	t.Run("it is read-only", func(t *testing.T) {
		dir := volume.New(t, "tmpfs", 64<<20)
		s := newStage(t, func(o *Options) { o.Patience = 300 * time.Millisecond; o.Parallel = 1 })
		data := s.file("clip", 10*part)
		remount := func(how string) error {
			out, err := exec.Command("mount", "-o", "remount,"+how, filepath.Dir(dir)).CombinedOutput()
			if err != nil {
				return fmt.Errorf("remount %s: %s", how, out)
			}
			return nil
		}
		s.source.open = func(call int, _ int64, r io.ReadCloser) (io.ReadCloser, error) {
			if call == 6 {
				return r, remount("ro")
			}
			return r, nil
		}
		job := s.job("clip", openFolder(t, dir))
		_, err := s.engine.Run(s.ctx, job)
		if err == nil || !strings.Contains(err.Error(), "read-only") {
			t.Fatalf("got %v", err)
		}
		must(t, remount("rw"))
		s.source.open = nil
		if c := s.run(job).Copies[0]; c.Resumed == 0 {
			t.Errorf("nothing was taken up: %+v", c)
		}
		if got, err := os.ReadFile(filepath.Join(dir, "clip")); err != nil || string(got) != string(data) {
			t.Errorf("%d bytes arrived: %v", len(got), err)
		}
	})
}

// Copied onto itself by another name, a file stays what it is.
func TestACopyOntoTheSourceByAnotherName(t *testing.T) {
	for name, place := range map[string]func(s *stage) connectors.Place{
		"another location of the folder": func(s *stage) connectors.Place { return openFolder(s.t, filepath.Join(s.dir, "source")) },
		"through a link": func(s *stage) connectors.Place {
			must(s.t, os.Symlink(filepath.Join(s.dir, "source"), filepath.Join(s.dir, "linked")))
			return openFolder(s.t, filepath.Join(s.dir, "linked"))
		},
		"a hard link": func(s *stage) connectors.Place {
			must(s.t, os.Mkdir(filepath.Join(s.dir, "links"), 0o755))
			must(s.t, os.Link(filepath.Join(s.dir, "source", "clip"), filepath.Join(s.dir, "links", "clip")))
			return openFolder(s.t, filepath.Join(s.dir, "links"))
		},
		"a link to it": func(s *stage) connectors.Place {
			must(s.t, os.Mkdir(filepath.Join(s.dir, "links"), 0o755))
			must(s.t, os.Symlink("../source/clip", filepath.Join(s.dir, "links", "clip")))
			return openFolder(s.t, filepath.Join(s.dir, "links"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t)
			data := s.file("clip", 3*part)
			for range 2 {
				_, err := s.engine.Run(s.ctx, s.job("clip", place(s)))
				if kind := connectors.KindOf(err); kind != "" && kind != connectors.KindInvalid {
					t.Fatalf("got %v", err)
				}
				s.holds("source", "clip", data)
				if strings.Contains(name, "link") {
					break
				}
			}
		})
	}
}

// Times of long ago and of the next century are only times: versions are compared,
// never ordered by them. And a clock that is put back does nothing to what is under way.
func TestTimesAndClocksThatAreWrong(t *testing.T) {
	for name, modified := range map[string]time.Time{
		"1980": time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC),
		"2099": time.Date(2099, 12, 31, 23, 59, 59, 0, time.UTC),
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
			var hours atomic.Int64
			back := func(o *Options) {
				o.Parallel = 1
				o.Now = func() time.Time { return start.Add(time.Duration(hours.Add(-1)) * time.Hour) }
			}
			s := newStage(t, back)
			data := s.file("clip", 6*part)
			must(t, os.Chtimes(filepath.Join(s.dir, "source", "clip"), modified, modified))
			to := &script{Place: s.folder("a"), write: failFrom(4, connectors.KindAuth)}
			job := s.job("clip", to)
			s.fails(job, connectors.KindAuth)
			to.write = nil
			s.start(back)
			receipt := s.run(job)
			if c := receipt.Copies[0]; c.Resumed != 3 || !c.Entry.ModTime.Equal(modified) {
				t.Errorf("got %+v", c)
			}
			s.holds("a", "clip", data)
			if again := s.run(job); !again.Finished.Equal(receipt.Finished) || to.begins.Load() != 2 {
				t.Errorf("it was copied again")
			}
		})
	}
}

// Credentials that expire on the way leave a job that goes on with new ones, and says so.
func TestExpiredCredentialsSayHowToGoOn(t *testing.T) {
	s := newStage(t)
	s.file("clip", 6*part)
	to := &script{Place: s.folder("a"), write: failFrom(4, connectors.KindAuth)}
	_, err := s.fails(s.job("clip", to), connectors.KindAuth)
	if !strings.Contains(err.Error(), "goes on where it stopped") {
		t.Errorf("it does not say how to go on: %v", err)
	}
	s.source.open = func(call int, _ int64, r io.ReadCloser) (io.ReadCloser, error) {
		return nil, connectors.Errorf(connectors.KindAuth, "open", "clip", "as scripted")
	}
	_, err = s.fails(s.job("clip", to), connectors.KindAuth)
	if !strings.Contains(err.Error(), "goes on where it stopped") {
		t.Errorf("it does not say how to go on: %v", err)
	}
}
