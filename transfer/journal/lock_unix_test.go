//go:build unix

package journal

import (
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A child that was forked has what its parent had open, until it closes it: a journal
// that was closed meanwhile is free all the same.
func TestAClosedJournalIsFreeThoughAChildHasItsFiles(t *testing.T) {
	dir := t.TempDir()
	j := open(t, dir)
	child, err := unix.Dup(int(j.folder.held.Fd()))
	must(t, err)
	defer unix.Close(child)
	must(t, j.Close())
	again, err := Open(dir, Options{})
	must(t, err)
	must(t, again.Close())
}

// The store's own lock is waited for.
func TestAStoreThatAChildHasOpenIsWaitedFor(t *testing.T) {
	dir := t.TempDir()
	j := open(t, dir)
	must(t, j.Close())
	child, err := unix.Open(filepath.Join(dir, "store"), unix.O_RDONLY, 0)
	must(t, err)
	must(t, unix.Flock(child, unix.LOCK_EX))
	time.AfterFunc(100*time.Millisecond, func() { unix.Close(child) })
	again, err := Open(dir, Options{})
	must(t, err)
	must(t, again.Close())
}
