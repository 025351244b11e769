package connectortest

import (
	"bytes"
	"fmt"
	"testing"

	"golang.org/x/sync/errgroup"

	"gantry/connectors"
)

// testConcurrent uses one place from many goroutines.
func testConcurrent(t *testing.T, s *stand) {
	group, ctx := errgroup.WithContext(s.ctx)
	for worker := range 8 {
		path := fmt.Sprintf("camera%d/clip.mxf", worker)
		data := content(path, s.part+int64(worker))
		group.Go(func() error {
			if _, err := upload(ctx, s.place, path, data, s.part, connectors.UploadOptions{Size: int64(len(data))}); err != nil {
				return err
			}
			got, err := drain(s.place.Open(ctx, path, 0, -1))
			if err != nil || !bytes.Equal(got, data) {
				return fmt.Errorf("read %q: %d bytes of %d, or others: %w", path, len(got), len(data), err)
			}
			for _, err := range s.place.List(ctx, "") {
				if err != nil {
					return err
				}
			}
			if _, err := s.place.Stat(ctx, path); err != nil {
				return err
			}
			return s.place.Remove(ctx, path)
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	s.lists("")
}
