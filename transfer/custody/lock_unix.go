//go:build unix

package custody

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"gantry/connectors"
)

// Lock keeps other writers of this machine from the root, until unlock is called or the process ends. Where the place is not on this machine's
// disks, or its file system has no locks, there is none.
func Lock(ctx context.Context, place connectors.Place, root string, wait bool) (unlock func(), err error) {
	dir, ok := onDisk(place, root)
	if !ok || !exists(dir) {
		return func() {}, nil
	}
	f, err := os.Open(dir)
	if err != nil {
		return nil, fmt.Errorf("lock the folder: %w", err)
	}
	for {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		switch {
		case err == nil:
			return func() { _ = f.Close() }, nil
		case !errors.Is(err, unix.EWOULDBLOCK):
			_ = f.Close()
			return func() {}, nil
		case !wait:
			_ = f.Close()
			return nil, busy(root, "another process has the folder")
		}
		select {
		case <-ctx.Done():
			_ = f.Close()
			return nil, context.Cause(ctx)
		case <-time.After(50 * time.Millisecond):
		}
	}
}
