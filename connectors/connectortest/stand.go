package connectortest

import (
	"bytes"
	"context"
	"io"
	"slices"
	"sync"
	"testing"
	"time"

	"gantry/connectors"
)

// A stand is what one test works at: an empty place and the hands to use it.
type stand struct {
	t     *testing.T
	ctx   context.Context
	site  Site
	place connectors.Place
	part  int64 // bytes of a part in this test
}

func newStand(t *testing.T, n New) *stand {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	t.Cleanup(cancel)
	s := &stand{t: t, ctx: ctx, site: n(t)}
	s.place = s.connect()
	s.part = max(s.place.Traits().MinPart, 320<<10)
	return s
}

// connect opens one more connection to the place.
func (s *stand) connect() connectors.Place {
	s.t.Helper()
	place, err := s.site.Open()
	if err != nil {
		s.t.Fatalf("open the place: %v", err)
	}
	s.t.Cleanup(func() { _ = place.Close() })
	return place
}

// put uploads data in parts and commits it.
func (s *stand) put(path string, data []byte) connectors.Entry {
	s.t.Helper()
	return s.putWith(s.place, path, data, connectors.UploadOptions{})
}

func (s *stand) putWith(place connectors.Place, path string, data []byte, o connectors.UploadOptions) connectors.Entry {
	s.t.Helper()
	o.Size = int64(len(data))
	entry, err := upload(s.ctx, place, path, data, s.part, o)
	if err != nil {
		s.t.Fatalf("upload %q: %v", path, err)
	}
	return entry
}

// upload is put without a *testing.T, for other goroutines.
func upload(ctx context.Context, place connectors.Place, path string, data []byte, part int64, o connectors.UploadOptions) (connectors.Entry, error) {
	up, err := place.Begin(ctx, path, o)
	if err != nil {
		return connectors.Entry{}, err
	}
	parts, err := writeParts(ctx, up, data, cut(data, part), place.Traits().Sequential)
	if err != nil {
		return connectors.Entry{}, err
	}
	return up.Commit(ctx, whole(data, parts))
}

// begin starts an upload of data.
func (s *stand) begin(path string, data []byte) connectors.Upload {
	s.t.Helper()
	up, err := s.place.Begin(s.ctx, path, connectors.UploadOptions{Size: int64(len(data))})
	if err != nil {
		s.t.Fatalf("begin %q: %v", path, err)
	}
	return up
}

// write sends the given parts of data.
func (s *stand) write(up connectors.Upload, data []byte, parts ...connectors.Part) []connectors.Part {
	s.t.Helper()
	written, err := writeParts(s.ctx, up, data, parts, s.place.Traits().Sequential)
	if err != nil {
		s.t.Fatalf("write parts: %v", err)
	}
	return written
}

// writeParts sends parts at once and the last one first, or one after the other
// where the place wants that.
func writeParts(ctx context.Context, up connectors.Upload, data []byte, parts []connectors.Part, sequential bool) ([]connectors.Part, error) {
	written := make([]connectors.Part, len(parts))
	errs := make([]error, len(parts))
	var group sync.WaitGroup
	for i := range parts {
		if sequential {
			written[i], errs[i] = writePart(ctx, up, data, parts[i])
			continue
		}
		last := len(parts) - 1 - i
		group.Go(func() { written[last], errs[last] = writePart(ctx, up, data, parts[last]) })
	}
	group.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return written, nil
}

func writePart(ctx context.Context, up connectors.Upload, data []byte, p connectors.Part) (connectors.Part, error) {
	bytesOf := data[p.Offset : p.Offset+p.Size]
	p.Digests = digests(bytesOf)
	got, err := up.WritePart(ctx, p, bytes.NewReader(bytesOf))
	if err == nil && (got.Number != p.Number || got.Offset != p.Offset || got.Size != p.Size) {
		return got, connectors.Errorf(connectors.KindOther, "write part", up.ID(), "accepted as part %d, %d bytes at %d; sent as %d, %d at %d",
			got.Number, got.Size, got.Offset, p.Number, p.Size, p.Offset)
	}
	return got, err
}

// read returns length bytes from offset on.
func (s *stand) read(path string, offset, length int64) ([]byte, error) {
	return drain(s.place.Open(s.ctx, path, offset, length))
}

func drain(r io.ReadCloser, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(r)
	if closed := r.Close(); err == nil {
		err = closed
	}
	return data, err
}

// holds fails unless the file at path is exactly data.
func (s *stand) holds(path string, data []byte) {
	s.t.Helper()
	entry, err := s.place.Stat(s.ctx, path)
	if err != nil {
		s.t.Fatalf("stat %q: %v", path, err)
	}
	if entry.Path != path || entry.Size != int64(len(data)) {
		s.t.Fatalf("stat %q says %q, %d bytes; want %d bytes", path, entry.Path, entry.Size, len(data))
	}
	got, err := s.read(path, 0, -1)
	if err != nil {
		s.t.Fatalf("read %q: %v", path, err)
	}
	if !bytes.Equal(got, data) {
		s.t.Fatalf("%q holds other bytes than were sent (%d read, %d sent)", path, len(got), len(data))
	}
}

// list returns the entries below prefix, by path in the order of the listing.
func (s *stand) list(prefix string) ([]connectors.Entry, []string) {
	s.t.Helper()
	var entries []connectors.Entry
	paths := []string{}
	for entry, err := range s.place.List(s.ctx, prefix) {
		if err != nil {
			s.t.Fatalf("list %q: %v", prefix, err)
		}
		entries = append(entries, entry)
		paths = append(paths, entry.Path)
	}
	return entries, paths
}

// lists fails unless the listing of prefix is exactly want, in this order.
func (s *stand) lists(prefix string, want ...string) {
	s.t.Helper()
	if _, got := s.list(prefix); !slices.Equal(got, want) && len(got)+len(want) > 0 {
		s.t.Fatalf("list %q = %q; want %q", prefix, got, want)
	}
}

// gone fails unless there is no file at path.
func (s *stand) gone(path string) {
	s.t.Helper()
	_, err := s.place.Stat(s.ctx, path)
	s.fails("stat "+path, err, connectors.KindNotFound)
}

// fails checks that err is of one of the kinds; any error will do without kinds.
func (s *stand) fails(what string, err error, kinds ...connectors.Kind) {
	s.t.Helper()
	switch {
	case err == nil:
		s.t.Fatalf("%s: no error; want %q", what, kinds)
	case len(kinds) > 0 && !slices.Contains(kinds, connectors.KindOf(err)):
		s.t.Fatalf("%s: %v (kind %q); want kind %q", what, err, connectors.KindOf(err), kinds)
	}
}

// promptly fails if f takes longer than the second that cancelling may take.
func (s *stand) promptly(what string, f func() error) error {
	s.t.Helper()
	done := make(chan error, 1)
	began := time.Now()
	go func() { done <- f() }()
	select {
	case err := <-done:
		if took := time.Since(began); took > 5*time.Second {
			s.t.Errorf("%s ended %v after it was cancelled; want a second, or five on a busy machine", what, took)
		}
		return err
	case <-time.After(30 * time.Second):
		s.t.Fatalf("%s does not end when it is cancelled", what)
		return nil
	}
}
