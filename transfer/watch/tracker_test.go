package watch

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var epoch = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

func at(seconds float64) time.Time {
	return epoch.Add(time.Duration(seconds * float64(time.Second)))
}

func sized(size int64) sighting { return sighting{size: size, modTime: epoch, inode: 1} }

// TestSettleRule tells each rule as a story of one file "a": what is seen when, and when it is offered. Stable is 5 s, retry 1 s, the
// minimum size 10.
func TestSettleRule(t *testing.T) {
	type step struct {
		at float64
		do string // "see SIZE", "rewritten" (same size, new time), "replaced" (new inode), "written" (event), "accept", "refuse", "hold", "gone", "scan without"
	}
	cases := []struct {
		name  string
		steps []step
		want  string // the seconds at which it is offered
	}{
		{"a file that lies there settles after the stable time", []step{{0, "see 100"}}, "5"},
		{"an old modification time does not make it settle at once", []step{{100, "see 100"}}, "105"},
		{"growth starts the time anew", []step{{0, "see 100"}, {4, "see 200"}, {8, "see 300"}}, "13"},
		{"the same look again does not", []step{{0, "see 100"}, {4, "see 100"}}, "5"},
		{"a write event does, even if size and time look the same", []step{{0, "see 100"}, {4, "written"}}, "9"},
		{"a rewrite of the same size does", []step{{0, "see 100"}, {3, "rewritten"}}, "8"},
		{"another file under the same name does", []step{{0, "see 100"}, {3, "replaced"}}, "8"},
		{"a file that has settled is not offered again", []step{{0, "see 100"}, {6, "accept"}, {7, "see 100"}, {8, "written"}, {20, "see 100"}}, "5"},
		{"a file that changes after it settled settles again", []step{{0, "see 100"}, {6, "accept"}, {60, "see 200"}}, "5 65"},
		{"a change while it is offered: both versions settle", []step{{0, "see 100"}, {6, "see 200"}, {7, "accept"}}, "5 11"},
		{"a refused file comes back with growing pauses", []step{{0, "see 100"}, {5, "refuse"}, {6, "refuse"}, {8, "refuse"}, {12, "accept"}}, "5 6 8 12"},
		{"a change of a refused file starts over", []step{{0, "see 100"}, {5, "refuse"}, {6, "refuse"}, {6.5, "see 200"}}, "5 6 11.5"},
		{"a file that is open for writing waits", []step{{0, "see 100"}, {5, "hold"}, {6, "hold"}}, "5 6 7"},
		{"a small file waits until it has grown", []step{{0, "see 9"}, {50, "see 10"}}, "55"},
		{"a file that goes is forgotten", []step{{0, "see 100"}, {3, "gone"}, {4, "see 100"}}, "9"},
		{"an entire scan that does not see it forgets it", []step{{0, "see 100"}, {3, "scan without"}}, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			tr := newTracker(rules{stable: 5 * time.Second, minSize: 10, retry: time.Second})
			var offered []string
			var last File
			seen := sized(0)
			tick := func(sec float64) {
				for _, p := range tr.ripe(at(sec)) {
					if f, ok := tr.offer(p, at(sec)); ok {
						last = f
						offered = append(offered, fmt.Sprint(sec))
					}
				}
			}
			next := 0
			for sec := 0.0; sec <= 120; sec += 0.5 {
				tick(sec)
				for ; next < len(c.steps) && c.steps[next].at == sec; next++ {
					do, arg, _ := strings.Cut(c.steps[next].do, " ")
					switch do {
					case "see":
						var size int64
						_, _ = fmt.Sscan(arg, &size)
						seen.size = size
						tr.observe("a", seen, at(sec))
					case "rewritten":
						seen.modTime = at(sec)
						tr.observe("a", seen, at(sec))
					case "replaced":
						seen.inode++
						tr.observe("a", seen, at(sec))
					case "written":
						tr.touch("a", at(sec))
					case "accept":
						tr.accept(last)
					case "refuse":
						tr.refuse(last, "no", at(sec))
					case "hold":
						// As the edge does: a look finds a writer before the file is handed on.
						tr.growing["a"].offered = false
						tr.hold("a", "open", at(sec))
					case "gone":
						tr.forget("a")
					case "scan":
						tr.beginScan()
						tr.endScan()
					}
				}
			}
			if got := strings.Join(offered, " "); got != c.want {
				t.Errorf("offered at %q, want %q", got, c.want)
			}
		})
	}
}

// TestSettleProperties: whatever happens, nothing is offered before its stable time, nothing twice after it was accepted, and all is
// offered once the world has come to rest.
func TestSettleProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		stable := time.Duration(rapid.IntRange(1, 10).Draw(t, "stable")) * time.Second
		tr := newTracker(rules{stable: stable, retry: time.Second})
		now := epoch
		disk := map[string]sighting{}
		changed := map[string]time.Time{}
		taken := map[string]version{}
		paths := rapid.SampledFrom([]string{"a", "b/c", "b/d/e", "f\n\xff"})

		round := func(refuse bool) {
			for _, p := range tr.ripe(now) {
				f, ok := tr.offer(p, now)
				if !ok {
					continue
				}
				v := sighting{f.Size, f.ModTime, f.Inode}.version()
				if now.Before(changed[p].Add(stable)) {
					t.Fatalf("%q offered %v after its last change", p, now.Sub(changed[p]))
				}
				if old, ok := taken[p]; ok && old == v {
					t.Fatalf("%q offered again without a change", p)
				}
				if refuse && rapid.Bool().Draw(t, "refused") {
					tr.refuse(f, "no", now)
				} else {
					tr.accept(f)
					taken[p] = v
				}
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"write": func(t *rapid.T) {
				p := paths.Draw(t, "path")
				s := disk[p]
				s.size += int64(rapid.IntRange(1, 3).Draw(t, "grown"))
				disk[p], changed[p] = s, now
				tr.observe(p, s, now)
			},
			"look": func(t *rapid.T) {
				if p := paths.Draw(t, "path"); disk[p].size > 0 {
					tr.observe(p, disk[p], now)
				}
			},
			"remove": func(t *rapid.T) {
				p := paths.Draw(t, "path")
				delete(disk, p)
				delete(taken, p)
				tr.forget(p)
			},
			"scan": func(*rapid.T) {
				tr.beginScan()
				for p, s := range disk {
					tr.observe(p, s, now)
				}
				tr.endScan()
			},
			"wait": func(t *rapid.T) {
				now = now.Add(time.Duration(rapid.IntRange(1, 4000).Draw(t, "ms")) * time.Millisecond)
			},
			"":      func(t *rapid.T) { round(true) },
			"offer": func(*rapid.T) { round(true) },
		})
		for range 20 {
			now = now.Add(time.Minute)
			round(false)
		}
		for p, s := range disk {
			if taken[p] != s.version() {
				t.Fatalf("%q lies there and was never offered", p)
			}
		}
		if len(tr.growing) != 0 || tr.due.len() != 0 {
			t.Fatalf("%d files and %d wake-ups are left over", len(tr.growing), tr.due.len())
		}
	})
}

func TestQueueHoldsOneItemAPath(t *testing.T) {
	tr := newTracker(rules{stable: time.Second})
	for i := range 10_000 {
		now := at(float64(i) / 100)
		tr.observe("growing.mxf", sized(int64(i)), now)
		if ripe := tr.ripe(now); len(ripe) != 0 {
			t.Fatalf("ripe while growing: %q", ripe)
		}
	}
	if n := tr.due.len(); n != 1 {
		t.Errorf("%d items in the queue, want 1", n)
	}
}

func TestForgetBelow(t *testing.T) {
	tr := newTracker(rules{stable: time.Second})
	for _, p := range []string{"a/b/c", "a/b", "ab/c", "a/d/e/f"} {
		tr.observe(p, sized(1), epoch)
	}
	tr.forgetBelow(map[string]struct{}{"a/d": {}, "ab": {}})
	for p, want := range map[string]bool{"a/b/c": true, "a/b": true, "ab/c": false, "a/d/e/f": false} {
		if _, got := tr.growing[p]; got != want {
			t.Errorf("%q known: %v, want %v", p, got, want)
		}
	}
}

// A file is told to grow once it was seen longer again and again for a while, and
// again when another one takes its place.
func TestWhatGrowsIsTold(t *testing.T) {
	tr := newTracker(rules{stable: time.Hour, grows: 3 * time.Second})
	start := time.Unix(1e9, 0)
	see := func(after time.Duration, size int64, inode uint64, want bool) {
		t.Helper()
		tr.observe("take.mxf", sighting{size, start.Add(after), inode}, start.Add(after))
		if told := tr.takeGrown(); (len(told) == 1) != want {
			t.Errorf("after %v: told %v", after, told)
		}
	}
	see(0, 10, 1, false)
	see(time.Second, 20, 1, false)
	see(2*time.Second, 30, 1, false) // it may have been copied
	see(3*time.Second, 30, 1, false)
	see(4*time.Second, 40, 1, true)
	see(5*time.Second, 50, 1, false)
	see(6*time.Second, 5, 2, false)
	see(7*time.Second, 6, 2, false)
	see(9*time.Second, 7, 2, true)
	tr.observe("still.mxf", sighting{10, start, 3}, start)
	tr.observe("still.mxf", sighting{10, start.Add(time.Minute), 3}, start.Add(time.Minute))
	tr.observe("still.mxf", sighting{10, start.Add(2 * time.Minute), 3}, start.Add(2*time.Minute))
	if told := tr.takeGrown(); len(told) > 0 {
		t.Errorf("what is only touched grows: %v", told)
	}
}
