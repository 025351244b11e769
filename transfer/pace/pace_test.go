package pace

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var start = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

const mb = int64(1e6)

// play looks every 250 ms at what at tells, until the end, and returns the meter and
// the estimates of the end in seconds from the start; NaN where there was none.
func play(t *testing.T, until float64, at func(second float64) []Stage) (*Meter, []float64) {
	t.Helper()
	m := &Meter{}
	var ends []float64
	for s := 0.0; s <= until; s += 0.25 {
		now := start.Add(time.Duration(s * float64(time.Second)))
		m.Look(now, at(s)...)
		end := math.NaN()
		if left, ok := m.ETA(); ok {
			end = s + left.Seconds()
		}
		ends = append(ends, end)
	}
	return m, ends
}

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if math.IsNaN(got) || math.Abs(got-want) > tolerance {
		t.Errorf("%s is %.1f, not %.1f", what, got, want)
	}
}

func TestEstimates(t *testing.T) {
	for _, c := range []struct {
		name        string
		at          func(s float64) []Stage
		until       float64
		rate, end   float64 // MB/s and seconds after the start
		tolerance   float64 // of the end
		largestJump float64 // of the estimated end, in seconds from one look to the next, once 10 s have passed
	}{
		{
			name: "steady", until: 50, rate: 10, end: 100, tolerance: 0.5, largestJump: 0.1,
			at: func(s float64) []Stage { return []Stage{{Done: int64(s * 10e6), Total: 1000 * mb}} },
		},
		{
			name: "parts of 64 MB that come at once, every 6.4 s", until: 320, rate: 10, end: 1000, tolerance: 100, largestJump: 10,
			at: func(s float64) []Stage { return []Stage{{Done: int64(s/6.4) * 64 * mb, Total: 10000 * mb}} },
		},
		{
			name: "half of it is there from an earlier run", until: 20, rate: 10, end: 50, tolerance: 1, largestJump: 0.5,
			at: func(s float64) []Stage {
				had := min(500*mb, int64(s*250e6)) // confirmed at the speed of a disk
				moved := int64(max(0, s) * 10e6)
				return []Stage{{Done: had + moved, Total: 1000 * mb, Skipped: had}}
			},
		},
		{
			name: "a fast beginning does not promise too much for long", until: 90, rate: 2, end: 460, tolerance: 45, largestJump: 25,
			at: func(s float64) []Stage {
				return []Stage{{Done: int64(min(s, 10)*10e6 + max(0, s-10)*2e6), Total: 1000 * mb}}
			},
		},
		{
			name: "what is still to be verified counts", until: 30, rate: 10, end: 200, tolerance: 1, largestJump: 0.1,
			at: func(s float64) []Stage {
				return []Stage{{Done: int64(s * 10e6), Total: 1000 * mb}, {Total: 1000 * mb}}
			},
		},
		{
			name: "verifying is faster than sending was", until: 115, rate: 10, end: 120, tolerance: 3, largestJump: 20,
			at: func(s float64) []Stage {
				return []Stage{
					{Done: min(1000*mb, int64(s*10e6)), Total: 1000 * mb},
					{Done: max(0, int64((s-100)*50e6)), Total: 1000 * mb},
				}
			},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, ends := play(t, c.until, c.at)
			near(t, "the rate", m.Rate(0)/1e6, c.rate, 0.7*c.rate)
			near(t, "the end", ends[len(ends)-1], c.end, c.tolerance)
			for i := 41; i < len(ends); i++ {
				if jump := math.Abs(ends[i] - ends[i-1]); jump > c.largestJump {
					t.Fatalf("at %.2f s the estimated end jumps from %.1f to %.1f", float64(i)/4, ends[i-1], ends[i])
				}
			}
		})
	}
}

func TestNothingIsToldOfWhatStandsStill(t *testing.T) {
	m, ends := play(t, 30, func(s float64) []Stage { return []Stage{{Done: int64(min(s, 10) * 10e6), Total: 1000 * mb}} })
	if _, ok := m.ETA(); ok || m.Rate(0) != 0 {
		t.Fatalf("after 20 s without a byte it tells %v, and the end %v", m.Rate(0), ends[len(ends)-1])
	}
	m.Look(start.Add(31*time.Second), Stage{Done: 110 * mb, Total: 1000 * mb})
	if _, ok := m.ETA(); !ok || m.Rate(0) == 0 {
		t.Fatal("it does not recover")
	}
}

func TestAPauseDoesNotMakeItSlow(t *testing.T) {
	m, _ := play(t, 10, func(s float64) []Stage { return []Stage{{Done: int64(s * 10e6), Total: 1000 * mb}} })
	m.Hold()
	if _, ok := m.ETA(); ok || m.Rate(0) != 0 {
		t.Fatal("it tells a pace while it is held")
	}
	for s := 100.0; s <= 105; s += 0.25 {
		m.Look(start.Add(time.Duration(s*float64(time.Second))), Stage{Done: 100*mb + int64((s-100)*10e6), Total: 1000 * mb})
	}
	left, ok := m.ETA()
	if !ok {
		t.Fatal("no estimate")
	}
	near(t, "the rate", m.Rate(0)/1e6, 10, 0.5)
	near(t, "the time left", left.Seconds(), 85, 1)
}

// Whatever comes, the pace and the time left are never negative or endless, and clocks
// that jump do no harm.
func TestAnyLooks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, now := &Meter{}, start
		for range rapid.IntRange(1, 50).Draw(t, "looks") {
			now = now.Add(time.Duration(rapid.Int64Range(-int64(time.Hour), int64(time.Hour)).Draw(t, "step")))
			var stages []Stage
			for range rapid.IntRange(0, 3).Draw(t, "stages") {
				draw := rapid.Int64Range(-1, 1<<50)
				stages = append(stages, Stage{Done: draw.Draw(t, "done"), Total: draw.Draw(t, "total"), Skipped: draw.Draw(t, "skipped")})
			}
			m.Look(now, stages...)
			for i := range 3 {
				if r := m.Rate(i); r < 0 || math.IsNaN(r) || math.IsInf(r, 0) {
					t.Fatalf("rate %v", r)
				}
			}
			if left, ok := m.ETA(); ok && left < 0 {
				t.Fatalf("%v are left", left)
			}
		}
	})
}

// With noise of half the speed the estimate moves by a few hundredths of what is left.
func TestNoise(t *testing.T) {
	r, done := rand.New(rand.NewPCG(1, 2)), 0.0
	_, ends := play(t, 200, func(s float64) []Stage {
		done += 2.5e6 * (0.5 + r.Float64())
		return []Stage{{Done: int64(done), Total: 4000 * mb}}
	})
	for i := 100; i < len(ends); i++ {
		if math.Abs(ends[i]-ends[i-1]) > 4 || math.Abs(ends[i]-400) > 40 {
			t.Fatalf("at %.2f s the end is told as %.1f after %.1f", float64(i)/4, ends[i], ends[i-1])
		}
	}
}

// After a pause, a new limit or a resume the first seconds bring little or nothing. What
// is told is near the truth soon after the first byte, and never hours.
func TestNoHoursAreToldOfMinutes(t *testing.T) {
	t.Parallel()
	for name, at := range map[string]func(s float64) Stage{
		"six seconds without a byte after a resume, then 5 MB/s": func(s float64) Stage {
			return Stage{Done: 50*mb + int64(max(0, s-6)*5e6), Total: 550 * mb}
		},
		"a first part that drips": func(s float64) Stage {
			return Stage{Done: 50*mb + int64(min(s, 3)*1e3+max(0, s-3)*5e6), Total: 550 * mb}
		},
		"eight seconds in which it is found out what is there": func(s float64) Stage {
			had := int64(min(s, 8) * 50e6)
			return Stage{Done: had + int64(max(0, s-8)*5e6), Total: 900 * mb, Skipped: had}
		},
	} {
		_, ends := play(t, 30, func(s float64) []Stage { return []Stage{at(s)} })
		for i, end := range ends {
			second := float64(i) * 0.25
			if second > 6 && (end > 400 || end < 50) {
				t.Fatalf("%s: after %.1f s the end is said to be at %.0f s", name, second, end)
			}
			if second > 15 && (math.IsNaN(end) || math.Abs(end-106) > 60) {
				t.Fatalf("%s: after %.1f s the end is said to be at %.0f s", name, second, end)
			}
		}
	}
}

// What is held by its own limit tells nothing of what has another one, or none.
func TestAStageWithinALimit(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name              string
		rate              float64 // of the first stage, in MB/s
		limit, next, ends float64 // MB/s of the stages' limits; seconds
	}{
		{"the next one has no limit", 10, 10, 0, 100},
		{"the next one has the same", 10, 10, 10, 200},
		{"the next one has a lower one", 10, 10, 5, 300},
		{"the next one has a higher one", 10, 10, 50, 120},
		{"the line is slower than the limit", 2, 10, 0, 1000},
		{"the line is slower than both", 2, 10, 10, 1000},
		{"only the next one has a limit", 10, 0, 5, 300},
	} {
		_, ends := play(t, 30, func(s float64) []Stage {
			return []Stage{{Done: int64(s * c.rate * 1e6), Total: 1000 * mb, Limit: int64(c.limit * 1e6)}, {Total: 1000 * mb, Limit: int64(c.next * 1e6)}}
		})
		near(t, c.name+": the end", ends[len(ends)-1], c.ends, 1)
	}
}

// A file that has grown is known at last: from then on the time that is left is told,
// and is not nothing for as long as there is work. Once all has moved it is not told.
func TestTheEndOfWhatHasGrown(t *testing.T) {
	t.Parallel()
	_, ends := play(t, 70, func(s float64) []Stage {
		if s < 30 {
			return []Stage{{Done: int64(s * 2e6)}, {}}
		}
		return []Stage{{Done: min(120*mb, int64(s*2e6)), Total: 120 * mb}, {}}
	})
	for i, end := range ends {
		switch second := float64(i) / 4; {
		case (second < 30 || second >= 60) && !math.IsNaN(end):
			t.Fatalf("after %.2f s the end is told as %.1f", second, end)
		case second >= 31 && second < 60:
			near(t, "the end", end, 60, 2)
		}
	}
}
