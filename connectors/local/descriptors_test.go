package local_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"gantry/connectors"
	"gantry/connectors/local"
)

// pauperIn makes this test binary a process that runs out of file descriptors.
const pauperIn = "GANTRY_LOCAL_PAUPER_IN"

// pauper uses up its descriptors, tries all calls, and tries again with some free.
func pauper(dir string) error {
	ctx := context.Background()
	place, err := local.Connector().Open(ctx, connectors.Location{URL: "file://" + dir})
	if err != nil {
		return err
	}
	up, err := place.Begin(ctx, "clip", connectors.UploadOptions{})
	if err != nil {
		return err
	}
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 32, Max: 32}); err != nil {
		return err
	}
	calls := map[string]func() error{
		"stat":  func() error { _, err := place.Stat(ctx, "there"); return err },
		"begin": func() error { _, err := place.Begin(ctx, "new", connectors.UploadOptions{}); return err },
		"write": func() error {
			_, err := up.WritePart(ctx, connectors.Part{Number: 1, Size: 1}, bytes.NewReader([]byte("x")))
			return err
		},
		"list": func() error {
			for _, err := range place.List(ctx, "") {
				if err != nil {
					return err
				}
			}
			return nil
		},
		"open": func() error {
			r, err := place.Open(ctx, "there", 0, -1)
			if err != nil {
				return err
			}
			return r.Close()
		},
	}
	for free := range 3 { // also with too few
		var held []*os.File
		for {
			f, err := os.Open(dir)
			if err != nil {
				break
			}
			held = append(held, f)
		}
		for _, f := range held[:free] {
			_ = f.Close()
		}
		for name, call := range calls {
			if err := call(); err != nil && connectors.KindOf(err) != connectors.KindBusy {
				return fmt.Errorf("%s with %d descriptors: %w", name, free, err)
			} else if err == nil && free == 0 {
				return fmt.Errorf("%s without descriptors: no error", name)
			}
		}
		for _, f := range held[free:] {
			_ = f.Close()
		}
	}
	for name, call := range calls {
		if err := call(); err != nil {
			return fmt.Errorf("%s with descriptors: %w", name, err)
		}
	}
	fmt.Println("done")
	return nil
}

// A process without file descriptors is told to wait, never that a file is missing.
func TestOutOfDescriptors(t *testing.T) {
	dir := t.TempDir()
	must(t, os.WriteFile(dir+"/there", nil, 0o600))
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), pauperIn+"="+dir)
	out, err := child.CombinedOutput()
	if err != nil || strings.TrimSpace(string(out)) != "done" {
		t.Errorf("%s, %v", out, err)
	}
}
