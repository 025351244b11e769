package fault_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"gantry/connectors"
	"gantry/connectors/local"
	"gantry/connectors/wrap"
	"gantry/connectors/wrap/fault"
)

var errBroken = connectors.Errorf(connectors.KindUnavailable, "call", "x", "broken")

func folder(t *testing.T, faults ...fault.Fault) (connectors.Place, *fault.Script) {
	t.Helper()
	inner, err := local.Connector().Open(t.Context(), connectors.Location{URL: "file://" + t.TempDir()})
	must(t, err)
	t.Cleanup(func() { _ = inner.Close() })
	for _, path := range []string{"a", "b", "c"} {
		must(t, put(t, inner, path, "0123456789"))
	}
	s := fault.NewScript(faults...)
	return s.Wrap(inner), s
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func put(t *testing.T, place connectors.Place, path, data string) error {
	t.Helper()
	size := int64(len(data))
	up, err := place.Begin(t.Context(), path, connectors.UploadOptions{Size: size})
	if err != nil {
		return err
	}
	part, err := up.WritePart(t.Context(), connectors.Part{Number: 1, Size: size}, strings.NewReader(data))
	if err != nil {
		return errors.Join(err, up.Abort(t.Context()))
	}
	_, err = up.Commit(t.Context(), connectors.Whole{Parts: []connectors.Part{part}, Size: size})
	return err
}

func read(ctx context.Context, place connectors.Place, path string) (string, error) {
	r, err := place.Open(ctx, path, 0, -1)
	if err != nil {
		return "", err
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	return string(data), err
}

func TestStreams(t *testing.T) {
	for name, test := range map[string]struct {
		effect fault.Effect
		want   string
		err    error
	}{
		"fails":        {fault.Fail(errBroken), "", errBroken},
		"breaks off":   {fault.Cut(4, errBroken), "0123", errBroken},
		"at its start": {fault.Cut(0, errBroken), "", errBroken},
		"at its end":   {fault.Cut(10, errBroken), "0123456789", errBroken},
		"ends early":   {fault.Short(4), "0123", nil},
		"flips a bit":  {fault.Flip(3, 1), "0121456789", nil},
	} {
		t.Run(name, func(t *testing.T) {
			place, script := folder(t, fault.Fault{Op: wrap.Open, Path: "b", Nth: 2, Times: 2, Effect: test.effect})
			for i, faulty := range []bool{false, true, true, false} {
				if got, err := read(t.Context(), place, "a"); err != nil || got != "0123456789" {
					t.Errorf("another path: %q, %v", got, err)
				}
				want, wantErr := "0123456789", error(nil)
				if faulty {
					want, wantErr = test.want, test.err
				}
				if got, err := read(t.Context(), place, "b"); got != want || !errors.Is(err, wantErr) {
					t.Errorf("read %d: %q, %v; want %q, %v", i+1, got, err, want, wantErr)
				}
			}
			if left := script.Left(); len(left) > 0 {
				t.Errorf("did not happen: %+v", left)
			}
		})
	}
}

func TestStall(t *testing.T) {
	place, _ := folder(t, fault.Fault{Op: wrap.Open, Effect: fault.Stall(4)})
	ctx, cancel := context.WithCancel(t.Context())
	r, err := place.Open(ctx, "a", 0, -1)
	must(t, err)
	defer r.Close()
	_, err = io.ReadFull(r, make([]byte, 4))
	must(t, err)
	ended := make(chan error)
	go func() { _, err := r.Read(make([]byte, 1)); ended <- err }()
	select {
	case err := <-ended:
		t.Fatalf("it does not stall: %v", err)
	case <-time.After(10 * time.Millisecond):
	}
	cancel()
	if err := <-ended; connectors.KindOf(err) != connectors.KindCanceled {
		t.Errorf("%v", err)
	}
}

func TestUploads(t *testing.T) {
	place, _ := folder(t,
		fault.Fault{Op: wrap.WritePart, Effect: fault.Cut(2, errBroken)},
		fault.Fault{Op: wrap.WritePart, Nth: 2, Effect: fault.Short(2)},
		fault.Fault{Op: wrap.WritePart, Nth: 3, Effect: fault.Flip(0, 0)},
		fault.Fault{Op: wrap.Commit, Nth: 2, Effect: fault.LoseReply(errBroken)},
	)
	if err := put(t, place, "x", "data"); !errors.Is(err, errBroken) {
		t.Errorf("cut: %v", err)
	}
	if err := put(t, place, "x", "data"); connectors.KindOf(err) != connectors.KindIncomplete {
		t.Errorf("short: %v", err)
	}
	must(t, put(t, place, "x", "data"))
	if got, err := read(t.Context(), place, "x"); err != nil || got != "eata" {
		t.Errorf("flipped: %q, %v", got, err)
	}
	if err := put(t, place, "y", "data"); !errors.Is(err, errBroken) {
		t.Errorf("lost reply: %v", err)
	}
	if got, err := read(t.Context(), place, "y"); err != nil || got != "data" {
		t.Errorf("a lost reply is of what was done: %q, %v", got, err)
	}
}

func TestListings(t *testing.T) {
	place, _ := folder(t,
		fault.Fault{Op: wrap.List, Effect: fault.Cut(2, errBroken)},
		fault.Fault{Op: wrap.List, Nth: 2, Effect: fault.Short(1)},
		fault.Fault{Op: wrap.List, Nth: 3, Effect: fault.Fail(errBroken)},
		fault.Fault{Op: wrap.List, Nth: 4, Effect: fault.LoseReply(errBroken)},
	)
	for i, want := range []struct {
		count int
		err   error
	}{{2, errBroken}, {1, nil}, {0, errBroken}, {3, errBroken}, {3, nil}} {
		count, failed := 0, error(nil)
		for _, err := range place.List(t.Context(), "") {
			if failed = err; err == nil {
				count++
			}
		}
		if count != want.count || !errors.Is(failed, want.err) {
			t.Errorf("listing %d: %d entries, %v", i+1, count, failed)
		}
	}
}

func TestLieAboutSize(t *testing.T) {
	place, _ := folder(t,
		fault.Fault{Op: wrap.Stat, Path: "a", Effect: fault.LieAboutSize(-3)},
		fault.Fault{Op: wrap.List, Path: "b", Times: -1, Effect: fault.LieAboutSize(5)},
	)
	for _, want := range []int64{7, 10} {
		if e, err := place.Stat(t.Context(), "a"); err != nil || e.Size != want {
			t.Errorf("stat: %+v, %v; want %d", e, err, want)
		}
	}
	for e, err := range place.List(t.Context(), "") {
		want := int64(10)
		if e.Path == "b" {
			want = 15
		}
		if err != nil || e.Size != want {
			t.Errorf("list: %+v, %v; want %d", e, err, want)
		}
	}
}
