package transfer

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"gantry/connectors"
	"gantry/transfer/growing"
)

// A far source is not on this machine's disk: what was read of it is not read again.
// It tells which parts are.
func readParts(s *stage) func() []int64 {
	var mu sync.Mutex
	var parts []int64
	s.source.open = func(_ int, offset int64, r io.ReadCloser) (io.ReadCloser, error) {
		mu.Lock()
		defer mu.Unlock()
		parts = append(parts, offset/part+1)
		return r, nil
	}
	return func() []int64 {
		mu.Lock()
		defer mu.Unlock()
		read := slices.Clone(parts)
		parts = nil
		slices.Sort(read)
		return read
	}
}

// interrupted runs a job of 12 parts until its seventh write fails.
func interrupted(t *testing.T, s *stage, change ...func(*Job)) (data []byte, to *script, job Job) {
	t.Helper()
	data = s.file("clip", 11*part+5)
	to = &script{Place: s.folder("a"), write: failFrom(8, connectors.KindAuth)}
	job = s.job("clip", to)
	for _, c := range change {
		c(&job)
	}
	s.fails(job, connectors.KindAuth)
	to.write = nil
	to.writes.Store(0)
	return data, to, job
}

func TestWhatWasReadAndAcceptedIsNotReadAgain(t *testing.T) {
	s := newStage(t, func(o *Options) { o.Parallel = 1 })
	read := readParts(s)
	digests := func(j *Job) { j.Digests = []connectors.Algorithm{connectors.SHA256, connectors.MD5, connectors.C4} }
	data, to, job := interrupted(t, s, digests)
	read()
	s.start(func(o *Options) { o.Parallel = 1 })
	receipt := s.run(job)
	s.holds("a", "clip", data)
	// Two to see whether it is the same, what is left, and the seventh if the failure came
	// before it was hashed.
	if got := read(); len(got) < 2+5 || len(got) > 2+6 || got[0] != 1 || len(got) == 2+6 && got[2] != 7 {
		t.Errorf("it read the parts %v", got)
	}
	if c := receipt.Copies[0]; c.Resumed != 7 || to.writes.Load() != 5 {
		t.Errorf("%d writes, copy %+v", to.writes.Load(), c)
	}
	want := sums(t, data, connectors.XXH128, connectors.CRC64NVME, connectors.SHA256, connectors.MD5, connectors.C4)
	if common, equal := want.Agree(receipt.Digests); common != 5 || !equal {
		t.Errorf("got %v, want %v", receipt.Digests, want)
	}
}

// What the journal says of the reading is believed when all of it fits.
func TestAReadingThatCannotBeTakenUpIsMadeAnew(t *testing.T) {
	for name, change := range map[string]func(*stage, *Job){
		"another digest is wanted": func(_ *stage, j *Job) { j.Digests = []connectors.Algorithm{connectors.SHA1} },
		"a state was flipped": func(s *stage, j *Job) {
			rewriteMark(s, j, func(c *checkpoint) { c.States[connectors.XXH128][9] ^= 4 })
		},
		"it is of other parts": func(s *stage, j *Job) {
			rewriteMark(s, j, func(c *checkpoint) { c.CRC = "0000000000000001"; c.Check = c.sum() })
		},
		"it is of more parts than there are": func(s *stage, j *Job) {
			rewriteMark(s, j, func(c *checkpoint) { c.Parts = 99; c.Check = c.sum() })
		},
		"it is of more parts than were accepted": func(s *stage, j *Job) {
			rewriteMark(s, j, func(c *checkpoint) { c.Parts++; c.Check = c.sum() })
		},
		"the header was patched, and the time put back": func(s *stage, _ *Job) {
			entry, err := s.source.Stat(s.ctx, "clip")
			must(s.t, err)
			data, err := os.ReadFile(filepath.Join(s.dir, "source", "clip"))
			must(s.t, err)
			data[17] ^= 1
			s.put("clip", data)
			s.source.stat = func(int, connectors.Entry, error) (connectors.Entry, error) { return entry, nil }
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, func(o *Options) { o.Parallel = 1 })
			read := readParts(s)
			_, _, job := interrupted(t, s)
			change(s, &job)
			read()
			receipt := s.run(job)
			data, err := os.ReadFile(filepath.Join(s.dir, "source", "clip"))
			must(t, err)
			s.holds("a", "clip", data)
			if got := read(); len(got) < 12 {
				t.Errorf("it read the parts %v", got)
			}
			if _, equal := sums(t, data, connectors.XXH128).Agree(receipt.Digests); !equal {
				t.Errorf("got %v", receipt.Digests)
			}
		})
	}
}

func rewriteMark(s *stage, j *Job, change func(*checkpoint)) {
	s.t.Helper()
	record, err := s.journal.Record(j.ID)
	must(s.t, err)
	var c checkpoint
	must(s.t, json.Unmarshal(record.Mark, &c))
	change(&c)
	target := j.Destinations[0].target()
	must(s.t, s.journal.AcceptWith(j.ID, record.Uploads[target], record.Parts[target][1], c))
}

// A place that takes parts only in their order has lost its upload: the reading
// goes on behind them all the same, and it catches up.
func TestDestinationsThatLostMoreThanTheOthersCatchUp(t *testing.T) {
	for _, sequential := range []bool{false, true} {
		t.Run(fmt.Sprintf("sequential=%v", sequential), func(t *testing.T) {
			s := newStage(t, func(o *Options) { o.Parallel = 1; o.Patience = 10 * time.Second })
			data := s.file("clip", 11*part+5)
			a := &script{Place: s.folder("a"), write: failFrom(8, connectors.KindAuth)}
			b := &script{Place: s.folder("b"), write: failFrom(5, connectors.KindAuth)}
			if sequential {
				traits := b.Place.Traits()
				traits.Sequential = true
				b.traits = &traits
			}
			job := s.job("clip", a, b)
			s.fails(job, connectors.KindAuth)
			must(t, os.RemoveAll(filepath.Join(s.dir, "b", ".gantry-uploads")))
			a.write = nil
			var order []int
			b.write = func(_ context.Context, _ int, p connectors.Part, r io.ReadSeeker, next writer) (connectors.Part, error) {
				order = append(order, p.Number)
				return next(r)
			}
			s.start(func(o *Options) { o.Parallel = 1 })
			s.run(job)
			s.holds("a", "clip", data)
			s.holds("b", "clip", data)
			if sequential && !slices.IsSorted(order) {
				t.Errorf("the parts went in the order %v", order)
			}
		})
	}
}

// What was sent while the file grew has no version that a later reading could be held
// against: it is read again.
func TestARecordingIsReadAgainByTheRunAfterNext(t *testing.T) {
	alone := func(o *Options) { o.Parallel = 1 }
	s := newStage(t, alone)
	readParts(s)
	to := &script{Place: s.folder("a"), write: failFrom(3, connectors.KindAuth)}
	data := s.file("clip", 12*part)
	job := s.job("clip", to)
	recording := job
	recording.Growth = growing.Follow(growing.Options{Place: s.source, Path: "clip", Idle: 100 * time.Millisecond, Every: 5 * time.Millisecond})
	s.fails(recording, connectors.KindAuth)
	s.start(alone)
	to.writes.Store(0)
	to.write = failFrom(6, connectors.KindAuth)
	s.fails(job, connectors.KindAuth)
	s.start(alone)
	mixed := slices.Clone(data)
	copy(mixed[3*part:4*part], content(77, part))
	copy(mixed[10*part:11*part], content(78, part))
	s.put("clip", mixed)
	to.write = nil
	s.run(job)
	s.holds("a", "clip", mixed)
}
