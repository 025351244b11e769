package objectstore_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"gantry/connectors"
)

// Files in the gateway's folder are objects. Plain and parallel listings agree
// with them.
func TestManyObjects(t *testing.T) {
	g, _ := gateway(t)
	var want []string
	for day := range 10 {
		for clip := range 4 {
			folder := fmt.Sprintf("day%02d/clip%d", day, clip)
			if err := os.MkdirAll(filepath.Join(g.Root, "bucket", "root", folder), 0o755); err != nil {
				t.Fatal(err)
			}
			for frame := range 120 {
				path := fmt.Sprintf("%s/frame_%05d.dpx", folder, frame)
				want = append(want, path)
				if err := os.WriteFile(filepath.Join(g.Root, "bucket", "root", path), nil, 0o644); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	for _, w := range wires {
		for _, listers := range []string{"1", "4", "16"} {
			began := time.Now()
			got, err := list(t.Context(), w.place(t, g.Endpoint, map[string]string{"listers": listers}), "")
			if err != nil || !slices.Equal(got, want) {
				t.Errorf("%s, %s listers: %d of %d files, %v", w.name, listers, len(got), len(want), err)
			}
			t.Logf("%s, %s listers: %v", w.name, listers, time.Since(began))
		}
	}
}

// versitygw does not escape keys. What its XML cannot hold is passed over, and does
// not spoil the order.
func TestKeysThatXMLCannotHold(t *testing.T) {
	g, _ := gateway(t)
	for _, name := range []string{"a", "\x01bell\x07", "\x7f", "z"} {
		if err := os.MkdirAll(filepath.Join(g.Root, "bucket", "root"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(g.Root, "bucket", "root", name), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, w := range wires {
		p := w.place(t, g.Endpoint, nil)
		var passed []string
		ctx := connectors.WithPassedOver(t.Context(), func(key string, _ error) { passed = append(passed, key) })
		got, err := list(ctx, p, "")
		if err != nil || !slices.Equal(got, []string{"a", "z", "\x7f"}) || !slices.Equal(passed, []string{"root/\ufffdbell\ufffd"}) {
			t.Errorf("%s: %q, passed over %q, %v", w.name, got, passed, err)
		}
		_, err = p.Begin(t.Context(), "\x01", connectors.UploadOptions{})
		isKind(t, "upload", err, connectors.KindInvalid, "XML")
	}
}
