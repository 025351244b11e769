package transfer

import (
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"gantry/connectors"
)

// timed makes the source a place that tells versions apart by size and second alone.
func (s *stage) timed() {
	s.source.stat = func(_ int, e connectors.Entry, err error) (connectors.Entry, error) {
		e.Version, e.ModTime = "", e.ModTime.Truncate(time.Second)
		return e, err
	}
}

// A file that was written a moment ago rests before it is read, so that a header that is
// patched in the same second shows.
func TestAFileThatWasJustWrittenRestsBeforeItIsRead(t *testing.T) {
	t.Parallel()
	s := newStage(t, func(o *Options) { o.Parallel = 1 })
	s.timed()
	data := s.file("clip", 3*part)
	s.source.open = func(call int, _ int64, r io.ReadCloser) (io.ReadCloser, error) {
		if call == 2 { // the header has been read
			data[7] ^= 1
			s.put("clip", data)
		}
		return r, nil
	}
	job := s.job("clip", s.folder("a"))
	s.fails(job, connectors.KindChanged)
	s.source.open = nil
	s.run(job)
	s.holds("a", "clip", data)
}

// What an earlier run has read is believed by the time of the source alone only if that
// had passed by then, and if several parts are what they were.
func TestPartsThatWereReadInTheTickOfTheSourceAreReadAgain(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		age   time.Duration
		patch bool
		reads int // at least; of 40 parts
	}{
		{"it had rested", time.Hour, false, 8 + 10},
		{"it had not rested", -time.Hour, false, 40},
		{"it was patched, and its time put back", time.Hour, true, 40},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			one := func(o *Options) { o.Parallel = 1 }
			s := newStage(t, one)
			s.timed()
			read := readParts(s)
			data := s.file("clip", 40*part)
			path := filepath.Join(s.dir, "source", "clip")
			when := time.Now().Add(-c.age).Truncate(time.Minute).Add(7 * time.Second)
			must(t, os.Chtimes(path, when, when))
			to := &script{Place: s.folder("a"), write: failFrom(31, connectors.KindAuth)}
			job := s.job("clip", to)
			s.fails(job, connectors.KindAuth)
			if c.patch { // more than eight of the parts are others
				copy(data[15*part:], content(77, 15*part))
				copy(data[part:], content(78, 10*part))
				s.put("clip", data)
				must(t, os.Chtimes(path, when, when))
			}
			to.write = nil
			read()
			s.start(one)
			receipt := s.run(job)
			s.holds("a", "clip", data)
			if _, equal := sums(t, data, connectors.XXH128).Agree(receipt.Digests); !equal {
				t.Error("the receipt is of another file")
			}
			if n := len(read()); n < c.reads || n > c.reads+16 {
				t.Errorf("%d parts were read", n)
			}
			if noted := len(receipt.Source.Notes) == 1; noted != (c.reads < 40) {
				t.Errorf("notes: %q", receipt.Source.Notes)
			}
		})
	}
}
