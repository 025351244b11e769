package throttle_test

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sync/errgroup"

	"gantry/connectors"
	"gantry/connectors/local"
	"gantry/connectors/wrap/throttle"
)

const mib = 1 << 20

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// folder opens a folder with a file of 4 MiB. The time in it is synctest's.
func folder(t *testing.T, limits *throttle.Throttle) connectors.Place {
	t.Helper()
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "clip"), bytes.Repeat([]byte("x"), 4*mib), 0o600))
	place, err := local.Connector().Open(t.Context(), connectors.Location{URL: "file://" + dir})
	must(t, err)
	t.Cleanup(func() { _ = place.Close() })
	return limits.Wrap(place)
}

func read(ctx context.Context, place connectors.Place, w io.Writer) error {
	r, err := place.Open(ctx, "clip", 0, -1)
	if err != nil {
		return err
	}
	defer r.Close()
	_, err = io.CopyBuffer(struct{ io.Writer }{w}, r, make([]byte, mib))
	return err
}

func write(ctx context.Context, place connectors.Place) error {
	up, err := place.Begin(ctx, "new", connectors.UploadOptions{Size: 4 * mib})
	if err != nil {
		return err
	}
	_, err = up.WritePart(ctx, connectors.Part{Number: 1, Size: 4 * mib}, bytes.NewReader(bytes.Repeat([]byte("x"), 4*mib)))
	return err
}

// took checks how long something takes, to a tenth.
func took(t *testing.T, what string, want time.Duration, f func() error) {
	t.Helper()
	began := time.Now()
	must(t, f())
	if took := time.Since(began); (took - want).Abs() > want/10+10*time.Millisecond {
		t.Errorf("%s took %v; want %v", what, took, want)
	}
}

func TestBandwidth(t *testing.T) {
	for name, test := range map[string]struct {
		limits   throttle.Limits
		up, down time.Duration
	}{
		"none":      {throttle.Limits{}, 0, 0},
		"both":      {throttle.Limits{Up: 2 * mib, Down: mib}, 2 * time.Second, 4 * time.Second},
		"down only": {throttle.Limits{Down: 4 * mib}, 0, time.Second},
		"slow":      {throttle.Limits{Up: 4 << 10, Down: 8 << 10}, 1024 * time.Second, 512 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				place := folder(t, throttle.New(test.limits))
				took(t, "reading", test.down, func() error { return read(t.Context(), place, io.Discard) })
				took(t, "writing", test.up, func() error { return write(t.Context(), place) })
			})
		})
	}
}

// Streams share a limit, and each gets as much as the others.
func TestFairness(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		place := folder(t, throttle.New(throttle.Limits{Down: mib}))
		ctx, cancel := context.WithCancel(t.Context())
		var got [4]bytes.Buffer
		var streams errgroup.Group
		for i := range got {
			streams.Go(func() error { return read(ctx, place, &got[i]) })
		}
		time.Sleep(8 * time.Second)
		cancel()
		if err := streams.Wait(); connectors.KindOf(err) != connectors.KindCanceled {
			t.Errorf("cancelled: %v", err)
		}
		for i := range got {
			if n := got[i].Len(); n < 2*mib*9/10 || n > 2*mib*11/10 {
				t.Errorf("stream %d got %d bytes of %d", i, n, 8*mib)
			}
		}
	})
}

// A new limit holds at once, also for those who wait under an old one.
func TestChangedWhileRunning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limits := throttle.New(throttle.Limits{Down: 1})
		place := folder(t, limits)
		took(t, "reading", 10*time.Second+2*time.Second, func() error {
			var reading errgroup.Group
			reading.Go(func() error { return read(t.Context(), place, io.Discard) })
			time.Sleep(10 * time.Second)
			limits.Set(throttle.Limits{Down: 2 * mib})
			if got := limits.Limits(); got.Down != 2*mib || got.Up != 0 || got.Requests != 0 {
				t.Errorf("limits are %+v", got)
			}
			return reading.Wait()
		})
		limits.Set(throttle.Limits{})
		took(t, "reading without a limit", 0, func() error { return read(t.Context(), place, io.Discard) })
	})
}

// Who is cancelled does not wait for its turn.
func TestCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		place := folder(t, throttle.New(throttle.Limits{Up: 100, Requests: 0.001}))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		_, err := place.Stat(ctx, "clip")
		must(t, err)
		if _, err = place.Stat(ctx, "clip"); connectors.KindOf(err) != connectors.KindTimeout || time.Since(began) != time.Second {
			t.Errorf("the second request: %v after %v", err, time.Since(began))
		}
	})
}

func TestRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		place := folder(t, throttle.New(throttle.Limits{Requests: 20}))
		took(t, "100 requests", 5*time.Second, func() error {
			var callers errgroup.Group
			for range 100 {
				callers.Go(func() error { _, err := place.Stat(t.Context(), "clip"); return err })
			}
			return callers.Wait()
		})
	})
}

func TestOptions(t *testing.T) {
	read := func(bandwidth, requests string) (throttle.Limits, error) {
		return throttle.Read(func(name string) string { return map[string]string{"bandwidth": bandwidth, "requests": requests}[name] })
	}
	if l, err := read("2M:1M", "7.5"); err != nil || l.Bandwidth.String() != "2M:1M" || l.Requests != 7.5 || l.None() {
		t.Errorf("%+v, %v", l, err)
	}
	if l, err := read("", ""); err != nil || !l.None() {
		t.Errorf("%+v, %v", l, err)
	}
	for _, bad := range [][2]string{{"10", ""}, {"", "many"}, {"", "0"}, {"", "-1"}, {"", "inf"}, {"", "NaN"}} {
		if _, err := read(bad[0], bad[1]); connectors.KindOf(err) != connectors.KindInvalid {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
