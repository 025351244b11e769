package connectortest

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	"golang.org/x/sync/errgroup"

	"gantry/connectors"
)

// testAtomicReplace reads a file again and again while it is replaced: a reader
// sees the old one or the new one, never none and never a mixture.
func testAtomicReplace(t *testing.T, s *stand) {
	if !s.place.Traits().AtomicCommit {
		t.Skip("the place says that it does not replace files in one step (Traits.AtomicCommit)")
	}
	versions := [][]byte{content("old", s.part), content("new", s.part/2)}
	s.put("clip", versions[0])
	ctx, stop := context.WithCancel(s.ctx)
	defer stop()
	reader := s.connect()
	group := new(errgroup.Group)
	looks := 0
	group.Go(func() error {
		for ; ctx.Err() == nil; looks++ {
			if err := look(s.ctx, reader, "clip", versions); err != nil {
				return fmt.Errorf("look %d: %w", looks, err)
			}
		}
		return nil
	})
	for i := range 12 {
		s.put("clip", versions[(i+1)%2])
	}
	stop()
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	if looks == 0 {
		t.Error("the reader was too slow to look once: nothing is proved")
	}
	s.holds("clip", versions[0])
}

// look fails unless the file at path is one of the versions. A reader that says
// that the file changed under its eyes, or that it came out short, has not lied.
func look(ctx context.Context, place connectors.Place, path string, versions [][]byte) error {
	entry, err := place.Stat(ctx, path)
	if err != nil {
		return err
	}
	if entry.Size != int64(len(versions[0])) && entry.Size != int64(len(versions[1])) {
		return fmt.Errorf("stat says %d bytes", entry.Size)
	}
	got, err := drain(place.Open(ctx, path, 0, -1))
	switch kind := connectors.KindOf(err); {
	case kind == connectors.KindChanged || kind == connectors.KindIncomplete:
		return nil
	case err != nil:
		return err
	case bytes.Equal(got, versions[0]) || bytes.Equal(got, versions[1]):
		return nil
	default:
		return fmt.Errorf("%d bytes that are neither the old nor the new ones", len(got))
	}
}

// testSamePath commits several uploads to one path at once: one of them wins, whole.
func testSamePath(t *testing.T, s *stand) {
	const rivals = 6
	var contents [rivals][]byte
	var errs [rivals]error
	group := new(errgroup.Group)
	for i := range rivals {
		contents[i] = content(fmt.Sprint("rival ", i), s.part+int64(i))
		group.Go(func() error {
			_, errs[i] = upload(s.ctx, s.place, "clip", contents[i], s.part, connectors.UploadOptions{Size: int64(len(contents[i]))})
			return nil
		})
	}
	_ = group.Wait()
	got, err := s.read("clip", 0, -1)
	if err != nil {
		t.Fatalf("read: %v; the uploads said %v", err, errs)
	}
	for i, data := range contents {
		if bytes.Equal(got, data) {
			if errs[i] != nil {
				t.Logf("rival %d won and was told %v", i, errs[i])
			}
			s.lists("", "clip")
			return
		}
	}
	t.Fatalf("%d bytes that none of the rivals sent; they were told %v", len(got), errs)
}
