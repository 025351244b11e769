package wrap_test

import (
	"context"
	"errors"
	"io"
	"iter"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gantry/connectors"
	"gantry/connectors/connectortest"
	"gantry/connectors/local"
	"gantry/connectors/wrap"
	"gantry/connectors/wrap/fault"
	"gantry/connectors/wrap/meter"
	"gantry/connectors/wrap/retry"
	"gantry/connectors/wrap/throttle"
)

func folder(tb testing.TB, dir string, options map[string]string) connectors.Place {
	tb.Helper()
	place, err := local.Connector().Open(context.Background(), connectors.Location{URL: "file://" + dir, Options: options})
	if err != nil {
		tb.Fatal(err)
	}
	return place
}

// all puts all four wrappers around a place, with nothing that goes wrong.
func all(tb testing.TB, place connectors.Place) connectors.Place {
	tb.Helper()
	m, err := meter.New(prometheus.NewRegistry(), time.Now)
	if err != nil {
		tb.Fatal(err)
	}
	place = fault.NewScript().Wrap(place)
	place = m.Wrap(place, "local")
	place = throttle.New(throttle.Limits{Up: 1 << 40, Down: 1 << 40, Requests: 1e9}).Wrap(place)
	return retry.Wrap(place, retry.Options{})
}

// The promises of a place hold with all wrappers around it.
func TestConformance(t *testing.T) {
	connectortest.Run(t, func(t *testing.T) connectortest.Site {
		dir := t.TempDir()
		return connectortest.Site{Dir: dir, Slow: true, Open: func() (connectors.Place, error) { return all(t, folder(t, dir, nil)), nil }}
	})
}

func has[T any](p any) bool {
	_, ok := connectors.As[T](p)
	return ok
}

// A wrapped place has what the one inside has, and no more.
func TestHasWhatIsInside(t *testing.T) {
	tests := map[string]func(any) bool{
		"Renamer": has[connectors.Renamer], "Hasher": has[connectors.Hasher], "Copier": has[connectors.Copier], "Tierer": has[connectors.Tierer],
		"Locker": has[connectors.Locker], "Versioner": has[connectors.Versioner], "Tagger": has[connectors.Tagger], "Notifier": has[connectors.Notifier],
		"Sweeper": has[connectors.Sweeper], "OnDisk": has[connectors.OnDisk], "Describer": has[connectors.Describer], "Mover": has[connectors.Mover],
	}
	for name, inner := range map[string]connectors.Place{
		"a folder":                folder(t, t.TempDir(), nil),
		"a folder with xattrs":    folder(t, t.TempDir(), map[string]string{"xattrs": "true"}),
		"one that has everything": everything{},
		"one that has nothing":    bare{},
	} {
		wrapped := all(t, inner)
		for what, has := range tests {
			if has(wrapped) != has(inner) {
				t.Errorf("%s: %s is %v inside and %v outside", name, what, has(inner), has(wrapped))
			}
		}
	}
	up, err := wrap.Around(bare{}, wrap.Hooks{}).Begin(t.Context(), "x", connectors.UploadOptions{})
	if err != nil || has[connectors.Staged](up) {
		t.Errorf("an upload that cannot be read back says that it can: %v", err)
	}
}

// Each call reaches the place inside, and its hook, once.
func TestEachCallIsHooked(t *testing.T) {
	var hooked []wrap.Op
	place := wrap.Around(everything{}, wrap.Hooks{Call: func(ctx context.Context, c wrap.Call, do func(context.Context) error) error {
		hooked = append(hooked, c.Op)
		return do(ctx)
	}}).(everyInterface)
	ctx := t.Context()
	up, err := place.Begin(ctx, "x", connectors.UploadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	staged, _ := connectors.As[connectors.Staged](up)
	revealer, _ := connectors.As[connectors.Revealer](up)
	drain := func(r io.ReadCloser, err error) error {
		if err != nil {
			return err
		}
		return r.Close()
	}
	for op, call := range map[wrap.Op]func() error{
		wrap.Stat:          func() error { _, err := place.Stat(ctx, "x"); return err },
		wrap.Open:          func() error { return drain(place.Open(ctx, "x", 0, -1)) },
		wrap.Remove:        func() error { return place.Remove(ctx, "x") },
		wrap.List:          func() error { return last(place.List(ctx, "x")) },
		wrap.Parts:         func() error { _, err := up.Parts(ctx); return err },
		wrap.WritePart:     func() error { _, err := up.WritePart(ctx, connectors.Part{}, nothing{}); return err },
		wrap.OpenStaged:    func() error { return drain(staged.OpenStaged(ctx, 0, -1)) },
		wrap.Commit:        func() error { _, err := up.Commit(ctx, connectors.Whole{}); return err },
		wrap.Abort:         func() error { return up.Abort(ctx) },
		wrap.Rename:        func() error { return place.Rename(ctx, "x", "y") },
		wrap.TakeOver:      func() error { _, err := place.TakeOver(ctx, nil, connectors.Entry{}, "y"); return err },
		wrap.Hash:          func() error { _, err := place.Hash(ctx, "x"); return err },
		wrap.Copy:          func() error { _, err := place.Copy(ctx, "x", "y"); return err },
		wrap.GetTier:       func() error { _, err := place.Tier(ctx, "x"); return err },
		wrap.SetTier:       func() error { return place.SetTier(ctx, "x", "y") },
		wrap.Restore:       func() error { _, err := place.Restore(ctx, "x", connectors.RestoreOptions{}); return err },
		wrap.GetLock:       func() error { _, err := place.Lock(ctx, "x"); return err },
		wrap.SetLock:       func() error { return place.SetLock(ctx, "x", connectors.Lock{}) },
		wrap.Versions:      func() error { return last(place.Versions(ctx, "x")) },
		wrap.OpenVersion:   func() error { return drain(place.OpenVersion(ctx, "x", "1", 0, -1)) },
		wrap.RemoveVersion: func() error { return place.RemoveVersion(ctx, "x", "1") },
		wrap.Tags:          func() error { _, err := place.Tags(ctx, "x"); return err },
		wrap.SetTags:       func() error { return place.SetTags(ctx, "x", nil) },
		wrap.Notify:        func() error { return place.Notify(ctx, "x", nil) },
		wrap.Unfinished:    func() error { return last(place.Unfinished(ctx, "")) },
		wrap.Discard:       func() error { return place.Discard(ctx, connectors.Unfinished{}) },
		wrap.Left:          func() error { _, err := place.Left(ctx, "x"); return err },
		wrap.Claim:         func() error { _, err := place.Claim(ctx, "x", "y"); return err },
		wrap.Describe:      func() error { _, err := place.Describe(ctx); return err },
		wrap.Identity:      func() error { _, err := place.Identity(ctx, "x"); return err },
		wrap.SameFile:      func() error { _, err := place.SameFile(ctx, "x", "y"); return err },
		wrap.Reveal:        func() error { _, err := revealer.Reveal(ctx, "y"); return err },
		wrap.Move:          func() error { _, err := place.Start(ctx, connectors.Movement{}); return err },
	} {
		hooked = nil
		if err := call(); err != nil && !errors.Is(err, errReached(op)) || !slices.Equal(hooked, []wrap.Op{op}) {
			t.Errorf("%s: hooks %v, error %v", op, hooked, err)
		}
	}
}

func last[T any](list iter.Seq2[T, error]) error {
	for _, err := range list {
		if err != nil {
			return err
		}
	}
	return nil
}

// An error after the first entry is told to the hook and to the caller, and marked
// for the hook only.
func TestErrorInASequence(t *testing.T) {
	broken := connectors.Errorf(connectors.KindUnavailable, "list", "", "connection lost")
	var told error
	place := wrap.Around(fault.NewScript(fault.Fault{Op: wrap.List, Effect: fault.Cut(1, broken)}).Wrap(everything{}),
		wrap.Hooks{Call: func(ctx context.Context, _ wrap.Call, do func(context.Context) error) error {
			told = do(ctx)
			return told
		}})
	n := 0
	for _, err := range place.List(t.Context(), "") {
		if err == nil {
			n++
			continue
		}
		if err != error(broken) { //nolint:errorlint // exactly this one
			t.Errorf("the caller gets %v", err)
		}
	}
	if n != 1 || !wrap.Begun(told) || !errors.Is(told, broken) {
		t.Errorf("%d entries, and the hook is told %v", n, told)
	}
}
