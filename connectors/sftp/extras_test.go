package sftp_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gantry/connectors"
)

func TestDescribe(t *testing.T) {
	t.Parallel()
	d, err := open(t, location(start(t), t.TempDir())).(connectors.Describer).Describe(t.Context())
	must(t, err)
	if !strings.HasPrefix(d.Software, "OpenSSH_") || len(d.Quirks) != 0 || !slices.IsSorted(d.Features[:5]) {
		t.Errorf("described as %+v", d)
	}
	for _, feature := range []string{"posix-rename@openssh.com 1", "statvfs@openssh.com 2", "cipher aes128-gcm@openssh.com"} {
		if !slices.Contains(d.Features, feature) {
			t.Errorf("%q is not among %q", feature, d.Features)
		}
	}
	bare, err := open(t, location(startBare(t), t.TempDir())).(connectors.Describer).Describe(t.Context())
	must(t, err)
	for _, name := range []string{"no-atomic-replace", "no-sync", "no-limits", "no-free-space"} {
		if !slices.ContainsFunc(bare.Quirks, func(q connectors.Quirk) bool { return q.Name == name && q.Meaning != "" }) {
			t.Errorf("%q is not among %+v", name, bare.Quirks)
		}
	}
}

// The only copy of a file that an interrupted upload was replacing is not swept.
func TestSweepLeavesWhatWasReplaced(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	place := open(t, location(startBare(t), dir))
	up := begin(t, place, "clip", "")
	staged := filepath.Join(dir, ".gantry-uploads", up.ID())
	must(t, os.WriteFile(staged+".replaced", []byte("old"), 0o600))
	must(t, os.WriteFile(filepath.Join(dir, ".gantry-uploads", "notes.txt"), nil, 0o600))
	sweeper := place.(connectors.Sweeper)
	for u, err := range sweeper.Unfinished(t.Context(), "") {
		must(t, err)
		t.Errorf("%+v may be discarded", u)
	}
	err := sweeper.Discard(t.Context(), connectors.Unfinished{ID: up.ID()})
	wantKind(t, "discard", err, connectors.KindHeld)
	err = sweeper.Discard(t.Context(), connectors.Unfinished{ID: "../clip"})
	wantKind(t, "discard what is no upload", err, connectors.KindInvalid)
	must(t, up.Abort(t.Context()))
	if got, err := os.ReadFile(filepath.Join(dir, "clip")); err != nil || string(got) != "old" {
		t.Errorf("the old file is %q, %v", got, err)
	}
}

// A listing of many files takes few round trips: the link makes each one last.
func TestListManyOverALongWay(t *testing.T) {
	t.Parallel()
	s := start(t)
	dir := t.TempDir()
	const count = 20_000
	for i := range count {
		must(t, os.WriteFile(filepath.Join(dir, fmt.Sprintf("reel-%05d.dpx", i)), nil, 0o600))
	}
	wire := newLink(t, s.Addr)
	wire.delay.Store(int64(25 * time.Millisecond))
	place := open(t, trusting(t, s, through(s, wire, dir)))
	began, n, last := time.Now(), 0, ""
	for entry, err := range place.List(t.Context(), "") {
		must(t, err)
		if entry.Path <= last {
			t.Fatalf("%q after %q", entry.Path, last)
		}
		last = entry.Path
		n++
	}
	if n != count {
		t.Errorf("%d files; want %d", n, count)
	}
	t.Logf("%d files in %v, with a round trip of 50 ms", n, time.Since(began))
}

// A copy inside the server that the source changes under is no copy.
func TestCopyKeepsTimeAndCancels(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	big(t, dir)
	at := time.Unix(1_500_000_000, 0)
	must(t, os.Chtimes(filepath.Join(dir, "big"), at, at))
	place := open(t, location(start(t), dir))
	copier, ok := connectors.As[connectors.Copier](place)
	if !ok {
		t.Skip("this OpenSSH is older than 9.0 and has no copy-data")
	}
	entry, err := copier.Copy(t.Context(), "big", "day/copy")
	must(t, err)
	if !entry.ModTime.Equal(at) {
		t.Errorf("the copy is of %v; want %v", entry.ModTime, at)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = copier.Copy(ctx, "big", "none")
	wantKind(t, "copy, cancelled", err, connectors.KindCanceled)
	left, err := filepath.Glob(filepath.Join(dir, ".gantry-uploads", "*"))
	must(t, err)
	if len(left) != 0 {
		t.Errorf("left over: %q", left)
	}
}
