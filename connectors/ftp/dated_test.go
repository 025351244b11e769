package ftp_test

import (
	"bytes"
	"crypto/rand"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"gantry/connectors"
	"gantry/connectors/servers"
)

// TestAFileIsOpenedAsTheVersionThatWasListed, and as no other.
func TestAFileIsOpenedAsTheVersionThatWasListed(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, kind starter) {
		s := start(t, kind, servers.FTPOptions{})
		must(t, os.Chmod(s.Dir, 0o777))
		place := open(t, location(t, s, "ftp", ""))
		pinner, ok := connectors.As[connectors.DatedPinner](place)
		if !ok {
			t.Fatal("it opens no version")
		}
		file, rested := filepath.Join(s.Dir, "clip"), time.Now().Add(-time.Hour).Truncate(time.Second)
		for _, size := range []int{1, 20 << 10, 700 << 10} {
			data := make([]byte, size)
			_, _ = rand.Read(data)
			must(t, os.WriteFile(file, data, 0o666))
			must(t, os.Chtimes(file, rested, rested))
			seen, err := place.Stat(t.Context(), "clip")
			must(t, err)
			for range 3 { // with ports that are asked for ahead
				if got, err := readAs(t, pinner, seen); err != nil || !bytes.Equal(got, data) {
					t.Errorf("%d bytes: got %d, %v", size, len(got), err)
				}
			}
			for what, change := range map[string]func() error{
				"its time":   func() error { return os.Chtimes(file, rested, rested.Add(time.Second)) },
				"its end":    func() error { return os.Truncate(file, int64(size-1)) },
				"more of it": func() error { return os.WriteFile(file, make([]byte, size+1), 0o666) },
			} {
				must(t, change())
				if got, err := readAs(t, pinner, seen); connectors.KindOf(err) != connectors.KindChanged || len(got) == size {
					t.Errorf("%d bytes, %s changed: got %d, %v; want KindChanged before the end", size, what, len(got), err)
				}
			}
		}
		must(t, os.Remove(file))
		if _, err := readAs(t, pinner, connectors.Entry{Path: "clip", Size: 5, ModTime: rested}); connectors.KindOf(err) != connectors.KindNotFound {
			t.Errorf("without the file: %v; want KindNotFound", err)
		}
		if _, err := pinner.OpenAs(t.Context(), connectors.Entry{Path: "clip", Size: 5, ModTime: rested}, 1, 4); connectors.KindOf(err) != connectors.KindInvalid {
			t.Errorf("a part of a version: %v; want KindInvalid", err)
		}
	})
}

func readAs(t *testing.T, p connectors.DatedPinner, e connectors.Entry) ([]byte, error) {
	t.Helper()
	r, err := p.OpenAs(t.Context(), e, 0, e.Size)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}
