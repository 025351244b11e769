package poll_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"gantry/connectors"
	"gantry/connectors/poll"
)

// A folder is a place that lists what a map holds.
type folder struct {
	files map[string]int // content, as a number
	cut   int            // entries after which the listing breaks off; below 0: never
	err   error          // with which
}

func (f *folder) List(_ context.Context, prefix string) iter.Seq2[connectors.Entry, error] {
	return func(yield func(connectors.Entry, error) bool) {
		n := 0
		for _, path := range slices.Sorted(maps.Keys(f.files)) {
			if !strings.HasPrefix(path, prefix) {
				continue
			}
			if n == f.cut {
				yield(connectors.Entry{}, f.err)
				return
			}
			n++
			if !yield(connectors.Entry{Path: path, Size: int64(f.files[path]), Version: fmt.Sprint(f.files[path])}, nil) {
				return
			}
		}
		if n == f.cut {
			yield(connectors.Entry{}, f.err)
		}
	}
}

func (f *folder) Stat(context.Context, string) (connectors.Entry, error) {
	return connectors.Entry{}, errors.ErrUnsupported
}

func (f *folder) Open(context.Context, string, int64, int64) (io.ReadCloser, error) {
	return nil, errors.ErrUnsupported
}

var cutShort = connectors.Errorf(connectors.KindIncomplete, "list", "", "it breaks off")

var errEnd = errors.New("the test ends")

// run lets the folder be listed once before each step and once after the last.
func run(t interface{ Context() context.Context }, f *folder, o poll.Options, handle func(connectors.Event) error, steps ...func()) error {
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	o.Interval = func() time.Duration { return time.Minute }
	o.Now = func() time.Time { return now }
	o.Pause = func(_ context.Context, d time.Duration) error {
		now = now.Add(d)
		if len(steps) == 0 {
			return errEnd
		}
		steps[0]()
		steps = steps[1:]
		return nil
	}
	return poll.New(f, o).Notify(t.Context(), "", func(_ context.Context, e connectors.Event) error { return handle(e) })
}

// told writes events as "+path", "-path".
func told(into *[]string) func(connectors.Event) error {
	return func(e connectors.Event) error {
		sign := "+"
		if e.Removed {
			sign = "-"
		}
		*into = append(*into, sign+e.Path)
		return nil
	}
}

func TestWhatIsTold(t *testing.T) {
	nothing := func(*folder) {}
	remove := func(path string) func(*folder) { return func(f *folder) { delete(f.files, path) } }
	write := func(path string, content int) func(*folder) { return func(f *folder) { f.files[path] = content } }
	cut := func(n int) func(*folder) { return func(f *folder) { f.cut, f.err = n, cutShort } }
	for what, test := range map[string]struct {
		options poll.Options
		steps   []func(*folder)
		want    string
	}{
		"nothing changes":            {poll.Options{}, []func(*folder){nothing, nothing}, ""},
		"all, to begin with":         {poll.Options{All: true}, []func(*folder){nothing}, "+a +b +c"},
		"a new file":                 {poll.Options{}, []func(*folder){write("bb", 1), nothing}, "+bb"},
		"a changed file":             {poll.Options{}, []func(*folder){write("b", 9), nothing}, "+b"},
		"gone":                       {poll.Options{}, []func(*folder){remove("b"), nothing}, "-b"},
		"gone for one listing":       {poll.Options{}, []func(*folder){remove("b")}, ""},
		"gone and back":              {poll.Options{}, []func(*folder){remove("b"), write("b", 2), nothing}, ""},
		"gone and back as another":   {poll.Options{}, []func(*folder){remove("b"), write("b", 7), nothing}, "+b"},
		"gone, told once":            {poll.Options{}, []func(*folder){remove("b"), nothing, nothing, nothing}, "-b"},
		"all gone":                   {poll.Options{}, []func(*folder){remove("a"), remove("b"), remove("c"), nothing}, "-a -b -c"},
		"cut listings prove nothing": {poll.Options{}, []func(*folder){cut(1), nothing, nothing}, ""},
		"gone before the cut":        {poll.Options{}, []func(*folder){func(f *folder) { delete(f.files, "a"); cut(1)(f) }, nothing, nothing}, ""},
		"new before the cut":         {poll.Options{}, []func(*folder){func(f *folder) { f.files["0"] = 1; cut(1)(f) }, nothing}, "+0"},
		"cut, then whole":            {poll.Options{}, []func(*folder){cut(0), func(f *folder) { f.cut = -1; delete(f.files, "c") }, cut(1), func(f *folder) { f.cut = -1 }}, "-c"},
	} {
		f := &folder{files: map[string]int{"a": 1, "b": 2, "c": 3}, cut: -1}
		var got []string
		var failures int
		test.options.Failed = func(error, time.Duration) { failures++ }
		var steps []func()
		for _, step := range test.steps {
			steps = append(steps, func() { step(f) })
		}
		if err := run(t, f, test.options, told(&got), steps...); !errors.Is(err, errEnd) {
			t.Errorf("%s: %v", what, err)
		}
		if strings.Join(got, " ") != test.want {
			t.Errorf("%s: told %q; want %q", what, got, test.want)
		}
		if (failures > 0) != strings.Contains(what, "cut") {
			t.Errorf("%s: %d failures", what, failures)
		}
	}
}

func TestEventsTellWhatIsKnown(t *testing.T) {
	f := &folder{files: map[string]int{"a": 1}, cut: -1}
	var got []connectors.Event
	_ = run(t, f, poll.Options{}, func(e connectors.Event) error { got = append(got, e); return nil },
		func() { f.files["a"] = 5 }, func() { delete(f.files, "a") }, func() {})
	at := time.Date(2026, 5, 1, 12, 3, 0, 0, time.UTC)
	if len(got) != 2 || got[0].Size != 5 || got[0].Version != "5" || !got[1].Removed || !got[1].At.Equal(at) || got[0].Order >= got[1].Order {
		t.Errorf("%+v", got)
	}
}

// What handle refuses ends it, and is told again by the next Notify.
func TestRefusedEventsComeAgain(t *testing.T) {
	f := &folder{files: map[string]int{"a": 1, "b": 2, "c": 3}, cut: -1}
	broken := errors.New("broken")
	refuse := true
	var got []string
	handle := func(_ context.Context, e connectors.Event) error {
		if refuse = !refuse; !refuse {
			return broken
		}
		return told(&got)(e)
	}
	listings := 0
	n := poll.New(f, poll.Options{
		Interval: func() time.Duration { return time.Second }, Now: time.Now,
		Pause: func(context.Context, time.Duration) error {
			switch listings++; listings {
			case 1:
				f.files["a"], f.files["d"] = 7, 4
				delete(f.files, "b")
			case 8:
				return errEnd
			}
			return nil
		},
	})
	for range 20 {
		if err := n.Notify(t.Context(), "", handle); errors.Is(err, errEnd) {
			break
		} else if !errors.Is(err, broken) {
			t.Fatal(err)
		}
	}
	slices.Sort(got)
	if want := "+a +d -b"; strings.Join(got, " ") != want {
		t.Errorf("told %q; want %q", got, want)
	}
}

func TestListingsThatFail(t *testing.T) {
	denied := connectors.Errorf(connectors.KindPermission, "list", "", "no")
	f := &folder{cut: 0, err: denied}
	if err := run(t, f, poll.Options{Failed: func(error, time.Duration) {}}, nil); !errors.Is(err, denied) {
		t.Errorf("denied: %v", err)
	}
	f.err = cutShort
	if err := run(t, f, poll.Options{}, nil); !errors.Is(err, cutShort) {
		t.Errorf("nobody hears of failures: %v", err)
	}
	busy := connectors.Errorf(connectors.KindBusy, "list", "", "slow down")
	busy.After = time.Hour
	f.err = busy
	var next time.Duration
	if err := run(t, f, poll.Options{Failed: func(_ error, d time.Duration) { next = d }}, nil); !errors.Is(err, errEnd) || next != time.Hour {
		t.Errorf("busy: %v, again after %v", err, next)
	}
	f = &folder{files: map[string]int{"a": 1, "b": 1, "c": 1}, cut: -1}
	if err := run(t, f, poll.Options{Most: 2, Failed: func(error, time.Duration) {}}, nil); connectors.KindOf(err) != connectors.KindUnsupported {
		t.Errorf("too many files: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	n := poll.New(&folder{cut: -1}, poll.Options{Interval: func() time.Duration { cancel(); return time.Hour }, Now: time.Now})
	if err := n.Notify(ctx, "", nil); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// A doubtful place is never believed that something is gone.
type doubtful struct {
	connectors.Place
	folder *folder
}

func (d doubtful) Traits() connectors.Traits { return connectors.Traits{DoubtfulLists: true} }

func (d doubtful) List(ctx context.Context, prefix string) iter.Seq2[connectors.Entry, error] {
	return d.folder.List(ctx, prefix)
}

func TestDoubtfulPlaces(t *testing.T) {
	f := &folder{files: map[string]int{"a": 1, "b": 2}, cut: -1}
	var got []string
	listings := 0
	n := poll.New(doubtful{folder: f}, poll.Options{
		Interval: func() time.Duration { return 0 }, Now: time.Now,
		Pause: func(context.Context, time.Duration) error {
			if listings++; listings == 5 {
				return errEnd
			}
			delete(f.files, "a")
			f.files["c"] = 3
			return nil
		},
	})
	err := n.Notify(t.Context(), "", func(_ context.Context, e connectors.Event) error { return told(&got)(e) })
	if !errors.Is(err, errEnd) || strings.Join(got, " ") != "+c" {
		t.Errorf("%q, %v", got, err)
	}
}

// Whoever follows the events has what is in the folder, once it has stood still
// for two listings, whatever was cut short before.
func TestFollowersArriveAtTheTruth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := &folder{files: map[string]int{}, cut: -1, err: cutShort}
		change := func() {
			for range rapid.IntRange(0, 4).Draw(t, "changes") {
				path := rapid.SampledFrom([]string{"a", "a/", "a/b", "a0", "b", "\xff", "é"}).Draw(t, "path")
				if rapid.Bool().Draw(t, "remove") {
					delete(f.files, path)
				} else {
					f.files[path] = rapid.IntRange(1, 3).Draw(t, "content")
				}
			}
			f.cut = rapid.IntRange(-3, 4).Draw(t, "cut")
		}
		change()
		f.cut = -1
		followed := make(map[string]int)
		handle := func(e connectors.Event) error {
			if e.Removed {
				delete(followed, e.Path)
			} else {
				followed[e.Path] = int(e.Size)
			}
			return nil
		}
		rest := func() { f.cut = -1 }
		err := run(t, f, poll.Options{All: true, Failed: func(error, time.Duration) {}}, handle, change, change, change, rest, rest)
		if !errors.Is(err, errEnd) || !maps.Equal(followed, f.files) {
			t.Fatalf("%v: followed %v; there are %v", err, followed, f.files)
		}
	})
}
