package connectortest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"testing"
	"time"

	"gantry/connectors"
)

// testCancelBefore makes every call with a context that has ended.
func testCancelBefore(_ *testing.T, s *stand) {
	data := content("cancel", s.part)
	part := cut(data, s.part)[0]
	s.put("file", data)
	up := s.begin("other", data)
	written := s.write(up, data, part)
	ended, cancel := context.WithCancel(s.ctx)
	cancel()
	calls := map[string]func() error{
		"stat":   func() error { _, err := s.place.Stat(ended, "file"); return err },
		"remove": func() error { return s.place.Remove(ended, "file") },
		"open":   func() error { _, err := drain(s.place.Open(ended, "file", 0, -1)); return err },
		"begin": func() error {
			_, err := s.place.Begin(ended, "third", connectors.UploadOptions{Size: 1})
			return err
		},
		"write part": func() error { _, err := up.WritePart(ended, part, bytes.NewReader(data)); return err },
		"commit":     func() error { _, err := up.Commit(ended, whole(data, written)); return err },
		"list": func() error {
			for _, err := range s.place.List(ended, "") {
				return err
			}
			return nil
		},
	}
	for what, call := range calls {
		s.fails(what+", cancelled", s.promptly(what, call), connectors.KindCanceled)
	}
	s.holds("file", data)
	s.lists("", "file")
}

func testCancelOpen(t *testing.T, s *stand) {
	s.put("clip", content("clip", max(4*s.part, 16<<20)))
	ctx, cancel := context.WithCancel(s.ctx)
	defer cancel()
	r, err := s.place.Open(ctx, "clip", 0, -1)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := io.ReadFull(r, make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	cancel()
	err = s.promptly("read", func() error { _, err := io.Copy(io.Discard, r); return err })
	s.fails("read of a cancelled stream", err, connectors.KindCanceled)
}

// cancelling cancels as soon as it is read from.
type cancelling struct {
	io.ReadSeeker
	cancel context.CancelFunc
}

func (c cancelling) Read(p []byte) (int, error) {
	c.cancel()
	return c.ReadSeeker.Read(p[:min(len(p), 4096)])
}

func testCancelWritePart(t *testing.T, s *stand) {
	data := content("cancelled", s.part)
	part := cut(data, s.part)[0]
	part.Digests = digests(data)
	up := s.begin("clip", data)
	ctx, cancel := context.WithCancel(s.ctx)
	defer cancel()
	err := s.promptly("write part", func() error {
		_, err := up.WritePart(ctx, part, cancelling{bytes.NewReader(data), cancel})
		return err
	})
	s.fails("write part, cancelled in the middle", err, connectors.KindCanceled)
	s.lists("")
	if s.place.Traits().Sequential {
		t.Skip("the place takes parts in order only, so that none can be sent again")
	}
	if _, err := up.Commit(s.ctx, whole(data, s.write(up, data, part))); err != nil {
		t.Fatalf("commit after the part was sent again: %v", err)
	}
	s.holds("clip", data)
}

// testCancelDuring ends calls at some moment: each returns at once, and the place
// stays as it was or as it should become.
func testCancelDuring(t *testing.T, s *stand) {
	data := content("during", s.part)
	for i, after := range []time.Duration{0, 200 * time.Microsecond, time.Millisecond, 3 * time.Millisecond, 10 * time.Millisecond} {
		during := func(what string, call func(ctx context.Context) error) error {
			t.Helper()
			ctx, cancel := context.WithCancel(s.ctx)
			defer time.AfterFunc(after, cancel).Stop()
			defer cancel()
			err := s.promptly(what, func() error { return call(ctx) })
			if err != nil {
				s.fails(what+", cancelled in the middle", err, connectors.KindCanceled)
			}
			return err
		}
		path := fmt.Sprint("clip", i)
		_ = during("begin", func(ctx context.Context) error {
			up, err := s.place.Begin(ctx, path, connectors.UploadOptions{Size: s.part})
			if err == nil {
				err = up.Abort(s.ctx)
			}
			return err
		})
		s.gone(path)
		up := s.begin(path, data)
		w := whole(data, s.write(up, data, cut(data, s.part)...))
		if err := during("commit", func(ctx context.Context) error { _, err := up.Commit(ctx, w); return err }); err != nil {
			s.wholeOrNone(path, data)
			if _, err := up.Commit(s.ctx, w); err != nil {
				s.fails("commit again", err, connectors.KindNotFound)
				s.await(path)
			}
		}
		s.holds(path, data)
		_ = during("stat", func(ctx context.Context) error { _, err := s.place.Stat(ctx, path); return err })
		_ = during("list", func(ctx context.Context) error {
			for _, err := range s.place.List(ctx, "") {
				if err != nil {
					return err
				}
			}
			return nil
		})
		if err := during("remove", func(ctx context.Context) error { return s.place.Remove(ctx, path) }); err != nil {
			s.wholeOrGoing(path, data)
		} else {
			s.gone(path)
		}
	}
}

// await waits until a file is there whose commit still runs at the far end.
func (s *stand) await(path string) {
	s.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); <-tick.C {
		if _, err := s.place.Stat(s.ctx, path); err == nil {
			return
		}
	}
	s.t.Fatalf("%q is not there, and its upload is gone", path)
}

func (s *stand) wholeOrNone(path string, data []byte) {
	s.t.Helper()
	if _, err := s.place.Stat(s.ctx, path); err != nil {
		s.fails("stat "+path, err, connectors.KindNotFound) // a second look may find what still runs at the far end
		return
	}
	s.holds(path, data)
}

// wholeOrGoing is for a file whose removal may still run at the far end.
func (s *stand) wholeOrGoing(path string, data []byte) {
	s.t.Helper()
	got, err := s.read(path, 0, -1)
	switch {
	case err != nil:
		s.fails("read "+path, err, connectors.KindNotFound, connectors.KindChanged)
	case !bytes.Equal(got, data):
		s.t.Fatalf("%q holds other bytes than were sent", path)
	}
}
