package connectortest

import (
	"bytes"
	"context"
	"io"
	"testing"

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
