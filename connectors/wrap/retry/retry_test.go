package retry_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"gantry/connectors"
	"gantry/connectors/local"
	"gantry/connectors/wrap"
	"gantry/connectors/wrap/fault"
	"gantry/connectors/wrap/retry"
)

// A clock stands still but for the pauses, which it keeps.
type clock struct {
	now    time.Time
	pauses []time.Duration
	on     func() // called in each pause
}

func (c *clock) Now() time.Time { return c.now }

func (c *clock) Sleep(ctx context.Context, d time.Duration) error {
	c.now = c.now.Add(d)
	c.pauses = append(c.pauses, d)
	if c.on != nil {
		c.on()
	}
	return ctx.Err()
}

// A bench is a folder with a script of faults and retries around it.
type bench struct {
	dir    string
	clock  *clock
	script *fault.Script
	place  connectors.Place
}

func newBench(t *testing.T, o retry.Options, faults ...fault.Fault) *bench {
	t.Helper()
	return benchIn(t, t.TempDir(), o, faults...)
}

func benchIn(t *testing.T, dir string, o retry.Options, faults ...fault.Fault) *bench {
	t.Helper()
	inner, err := local.Connector().Open(t.Context(), connectors.Location{URL: "file://" + dir})
	must(t, err)
	t.Cleanup(func() { _ = inner.Close() })
	b := &bench{dir: dir, clock: &clock{now: time.Unix(0, 0)}, script: fault.NewScript(faults...)}
	o.Now, o.Sleep = b.clock.Now, b.clock.Sleep
	if o.Jitter == nil {
		o.Jitter = func() float64 { return 1 }
	}
	b.place = retry.Wrap(b.script.Wrap(inner), o)
	return b
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (b *bench) write(t *testing.T, name string, data []byte) {
	t.Helper()
	file := filepath.Join(b.dir, name)
	must(t, os.MkdirAll(filepath.Dir(file), 0o700))
	must(t, os.WriteFile(file, data, 0o600))
}

func away(after time.Duration) error {
	return &connectors.Error{Kind: connectors.KindUnavailable, Op: "call", Path: "x", After: after, Err: errors.New("connection lost")}
}

func TestCallsAreMadeAgain(t *testing.T) {
	for name, test := range map[string]struct {
		err    error
		times  int
		pauses []time.Duration
		works  bool
	}{
		"once":                 {away(0), 1, []time.Duration{200 * time.Millisecond}, true},
		"with growing pause":   {away(0), 3, []time.Duration{200 * time.Millisecond, 400 * time.Millisecond, 800 * time.Millisecond}, true},
		"as it asks for":       {away(5 * time.Second), 1, []time.Duration{5 * time.Second}, true},
		"it asks for too much": {away(time.Hour), 1, nil, false},
		"too often":            {away(0), -1, []time.Duration{200 * time.Millisecond, 400 * time.Millisecond, 800 * time.Millisecond}, false},
		"wrong bytes":          {connectors.Errorf(connectors.KindIntegrity, "call", "x", "wrong"), 1, nil, false},
		"not there":            {connectors.Errorf(connectors.KindNotFound, "call", "x", "no"), 1, nil, false},
		"refused":              {connectors.Errorf(connectors.KindPermission, "call", "x", "no"), 1, nil, false},
		"full":                 {connectors.Errorf(connectors.KindNoSpace, "call", "x", "full"), 1, nil, false},
		"no kind":              {errors.New("strange"), 1, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, retry.Options{Tries: 4}, fault.Fault{Op: wrap.Stat, Times: test.times, Effect: fault.Fail(test.err)})
			b.write(t, "x", nil)
			_, err := b.place.Stat(t.Context(), "x")
			if (err == nil) != test.works || !slices.Equal(b.clock.pauses, test.pauses) {
				t.Errorf("%v after pauses of %v; want %v", err, b.clock.pauses, test.pauses)
			}
			if err != nil && connectors.KindOf(err) != connectors.KindOf(test.err) {
				t.Errorf("%v has lost its kind", err)
			}
		})
	}
}

// All who share a budget stop hammering when it is used up, and go on when calls
// succeed.
func TestBudget(t *testing.T) {
	budget := retry.NewBudget(5)
	o := retry.Options{Tries: 4, Budget: budget}
	dead := fault.Fault{Op: wrap.Stat, Path: "dead", Times: -1, Effect: fault.Fail(away(0))}
	b := newBench(t, o, dead)
	b.write(t, "alive", nil)
	for range 20 {
		_, err := b.place.Stat(t.Context(), "dead")
		if connectors.KindOf(err) != connectors.KindUnavailable {
			t.Fatal(err)
		}
	}
	if len(b.clock.pauses) != 5 || budget.Left() != 0 {
		t.Errorf("%d retries, %d left", len(b.clock.pauses), budget.Left())
	}
	for range 20 {
		_, err := b.place.Stat(t.Context(), "alive")
		must(t, err)
	}
	if left := budget.Left(); left < 1 || left > 2 {
		t.Errorf("%d retries are earned by 20 calls", left)
	}
}

// A pause ends when the context does.
func TestCancelledPause(t *testing.T) {
	b := newBench(t, retry.Options{}, fault.Fault{Op: wrap.Stat, Times: -1, Effect: fault.Fail(away(0))})
	ctx, cancel := context.WithCancel(t.Context())
	b.clock.on = cancel
	_, err := b.place.Stat(ctx, "x")
	if connectors.KindOf(err) != connectors.KindCanceled || len(b.clock.pauses) != 1 {
		t.Errorf("%v after %v", err, b.clock.pauses)
	}
}

// What was done although its reply was lost is not reported as failed.
func TestLostReplies(t *testing.T) {
	lost := func(op wrap.Op) fault.Fault { return fault.Fault{Op: op, Effect: fault.LoseReply(away(0))} }
	b := newBench(t, retry.Options{}, lost(wrap.Begin), lost(wrap.WritePart), lost(wrap.Commit), lost(wrap.Remove))
	up, err := b.place.Begin(t.Context(), "clip", connectors.UploadOptions{Size: 4})
	must(t, err)
	part, err := up.WritePart(t.Context(), connectors.Part{Number: 1, Size: 4}, strings.NewReader("data"))
	must(t, err)
	entry, err := up.Commit(t.Context(), connectors.Whole{Parts: []connectors.Part{part}, Size: 4})
	must(t, err)
	if entry.Size != 4 {
		t.Errorf("committed: %+v", entry)
	}
	if got, err := os.ReadFile(filepath.Join(b.dir, "clip")); err != nil || string(got) != "data" {
		t.Errorf("the file holds %q, %v", got, err)
	}
	must(t, b.place.Remove(t.Context(), "clip"))
	if err := b.place.Remove(t.Context(), "clip"); connectors.KindOf(err) != connectors.KindNotFound {
		t.Errorf("remove what was never there: %v", err)
	}
	if left := b.script.Left(); len(left) > 0 {
		t.Errorf("did not happen: %+v", left)
	}
}

// A part that broke off is read again from its start.
func TestPartIsRewound(t *testing.T) {
	b := newBench(t, retry.Options{}, fault.Fault{Op: wrap.WritePart, Times: 2, Effect: fault.Cut(3, away(0))})
	up, err := b.place.Begin(t.Context(), "clip", connectors.UploadOptions{Size: 4})
	must(t, err)
	r := strings.NewReader("--data")
	_, err = r.Seek(2, io.SeekStart) // a part need not stand at the start of its reader
	must(t, err)
	part, err := up.WritePart(t.Context(), connectors.Part{Number: 1, Size: 4}, r)
	must(t, err)
	_, err = up.Commit(t.Context(), connectors.Whole{Parts: []connectors.Part{part}, Size: 4})
	must(t, err)
	if got, err := os.ReadFile(filepath.Join(b.dir, "clip")); err != nil || string(got) != "data" || len(b.clock.pauses) != 2 {
		t.Errorf("the file holds %q, %v, after %v", got, err, b.clock.pauses)
	}
	up, err = b.place.Begin(t.Context(), "clip", connectors.UploadOptions{Size: 4})
	must(t, err)
	_, err = up.WritePart(t.Context(), connectors.Part{Number: 1, Size: 4}, strings.NewReader("abc"))
	if connectors.KindOf(err) != connectors.KindIncomplete || len(b.clock.pauses) != 2 {
		t.Errorf("a reader that is too short: %v after %v", err, b.clock.pauses)
	}
}

// Whatever breaks, and wherever: a stream gives exactly the file's bytes, or an
// error after some of them.
func TestStreamsGoOn(t *testing.T) {
	dir := t.TempDir()
	data := make([]byte, 5000)
	for i := range data {
		data[i] = byte(i * 7)
	}
	must(t, os.WriteFile(filepath.Join(dir, "clip"), data, 0o600))
	rapid.Check(t, func(rt *rapid.T) {
		var faults []fault.Fault
		count := rapid.IntRange(0, 6).Draw(rt, "faults")
		for i := range count {
			after := rapid.Int64Range(0, 1500).Draw(rt, "after")
			effect := fault.Cut(after, away(0))
			switch rapid.IntRange(0, 2).Draw(rt, "effect") {
			case 1:
				effect = fault.Cut(after, connectors.Errorf(connectors.KindIncomplete, "read", "clip", "short"))
			case 2:
				effect = fault.Fail(away(0))
			}
			faults = append(faults, fault.Fault{Op: wrap.Open, Nth: i + 1, Effect: effect})
		}
		tries := rapid.IntRange(1, 8).Draw(rt, "tries")
		offset := rapid.Int64Range(0, 5000).Draw(rt, "offset")
		length := rapid.Int64Range(-1, 5000-offset).Draw(rt, "length")
		b := benchIn(t, dir, retry.Options{Tries: tries, Resume: 1}, faults...)
		want := data[offset:]
		if length >= 0 {
			want = want[:length]
		}
		r, err := b.place.Open(t.Context(), "clip", offset, length)
		if err != nil {
			return
		}
		got, err := io.ReadAll(r)
		_ = r.Close()
		if !bytes.HasPrefix(want, got) || err == nil && len(got) != len(want) {
			rt.Fatalf("%d of %d bytes, or others: %v", len(got), len(want), err)
		}
		if err != nil && tries > count && length != 0 {
			rt.Fatalf("%v, with %d tries for %d faults", err, tries, count)
		}
	})
}

// A file that was replaced while a stream was broken is not mixed with its
// forerunner.
func TestStreamOfAnotherVersion(t *testing.T) {
	b := newBench(t, retry.Options{}, fault.Fault{Op: wrap.Open, Effect: fault.Cut(4, away(0))})
	b.write(t, "clip", []byte("old content"))
	b.clock.on = func() { b.write(t, "clip", []byte("new content")) }
	r, err := b.place.Open(t.Context(), "clip", 0, -1)
	must(t, err)
	defer r.Close()
	got, err := io.ReadAll(r)
	if string(got) != "old " || connectors.KindOf(err) != connectors.KindChanged {
		t.Errorf("%q, %v", got, err)
	}
}

// To ask for more than there is fails at once.
func TestPastTheEnd(t *testing.T) {
	b := newBench(t, retry.Options{Resume: 1})
	b.write(t, "clip", []byte("0123456789"))
	r, err := b.place.Open(t.Context(), "clip", 5, 10)
	must(t, err)
	defer r.Close()
	got, err := io.ReadAll(r)
	if string(got) != "56789" || connectors.KindOf(err) != connectors.KindIncomplete || len(b.clock.pauses) > 0 {
		t.Errorf("%q, %v after %v", got, err, b.clock.pauses)
	}
}

// However often a listing breaks off: each path comes once and in order, all of
// them if there is no error.
func TestListingsGoOn(t *testing.T) {
	dir := t.TempDir()
	b := benchIn(t, dir, retry.Options{})
	var all []string
	for i := range 30 {
		all = append(all, fmt.Sprintf("%02d/clip", i))
		b.write(t, all[i], nil)
	}
	rapid.Check(t, func(rt *rapid.T) {
		var faults []fault.Fault
		count := rapid.IntRange(0, 10).Draw(rt, "faults")
		for i := range count {
			kind := rapid.SampledFrom([]connectors.Kind{connectors.KindUnavailable, connectors.KindIncomplete, connectors.KindTimeout}).Draw(rt, "kind")
			effect := fault.Cut(rapid.Int64Range(0, 31).Draw(rt, "after"), connectors.Errorf(kind, "list", "", "broken"))
			faults = append(faults, fault.Fault{Op: wrap.List, Nth: i + 1, Effect: effect})
		}
		tries := rapid.IntRange(1, 12).Draw(rt, "tries")
		b := benchIn(t, dir, retry.Options{Tries: tries}, faults...)
		var got []string
		var failed error
		for e, err := range b.place.List(t.Context(), "") {
			if failed = err; err == nil {
				got = append(got, e.Path)
			}
		}
		if len(got) > len(all) || !slices.Equal(got, all[:len(got)]) || failed == nil && len(got) != len(all) {
			rt.Fatalf("listed %q, %v", got, failed)
		}
		if failed != nil && tries > count {
			rt.Fatalf("%v, with %d tries for %d faults", failed, tries, count)
		}
	})
}

// No series of pauses is longer than allowed, shorter than asked for, or longer
// than its own maximum without being asked.
func TestPauses(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(rt *rapid.T) {
		o := retry.Options{
			Tries: rapid.IntRange(1, 40).Draw(rt, "tries"), Time: time.Duration(rapid.IntRange(1, 1000).Draw(rt, "time")) * time.Second,
			First: time.Second, Most: 30 * time.Second, Budget: retry.NewBudget(rapid.IntRange(0, 50).Draw(rt, "budget")),
			Jitter: func() float64 { return rapid.Float64Range(0, 1).Draw(rt, "jitter") },
		}
		after := time.Duration(rapid.IntRange(0, 60).Draw(rt, "after")) * time.Second
		b := benchIn(t, dir, o, fault.Fault{Op: wrap.Stat, Times: -1, Effect: fault.Fail(away(after))})
		began, budget := b.clock.now, o.Budget.Left()
		if _, err := b.place.Stat(t.Context(), "x"); connectors.KindOf(err) != connectors.KindUnavailable {
			rt.Fatal(err)
		}
		if took := b.clock.now.Sub(began); took > o.Time || len(b.clock.pauses) >= max(1, o.Tries) || len(b.clock.pauses) > budget {
			rt.Fatalf("%d pauses of %v in all", len(b.clock.pauses), took)
		}
		for _, pause := range b.clock.pauses {
			if pause < max(after, o.First/2) || pause > max(after, o.Most) {
				rt.Fatalf("a pause of %v", pause)
			}
		}
	})
}
