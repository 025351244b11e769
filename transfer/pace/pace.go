// Package pace tells how fast work goes and when it will be done, from looks at how
// far it is. It is pure: the caller gives the times.
package pace

import (
	"math"
	"time"
)

// A Stage is one of the things that work consists of, as to send a file and to read
// it back. Stages may go on at once.
type Stage struct {
	Done    int64 // bytes
	Total   int64 // bytes; 0 = not known
	Skipped int64 // bytes of Done that nobody had to move, as those of an earlier run: they are no speed
	Limit   int64 // bytes a second that may move; 0 = as many as can
}

// A Meter learns from looks. The zero Meter serves. It is not for use by many
// goroutines at once.
type Meter struct {
	last   time.Time
	stages []flow
	began  time.Time // when the first byte was seen to move since the last pause; zero = none has
	moved  time.Time // when something has moved last
	end    time.Time // estimated; zero = not known
}

// flow is how a stage moves, as it is shown and as the end is estimated by.
type flow struct {
	Stage
	now, long fading
}

// fading is bytes and the seconds that they took. What was seen long ago counts less.
type fading struct{ bytes, seconds float64 }

func (f *fading) add(bytes int64, seconds, memory float64) {
	fade := math.Exp(-seconds / memory)
	f.bytes = f.bytes*fade + float64(bytes)
	f.seconds = f.seconds*fade + seconds
}

func (f fading) rate() float64 {
	if f.seconds <= 0 {
		return 0
	}
	return f.bytes / f.seconds
}

const (
	memory     = 6.0  // seconds after which what was seen counts for a third
	longMemory = 20.0 // the same for estimates

	calm   = 4.0             // the least time, in seconds, in which an estimate of the end turns into another
	warmUp = 2 * time.Second // before that an estimate is a guess
	young  = 8 * time.Second // until then it may be found to have been far too long
	stall  = 8 * time.Second // without a byte nobody can tell when it will end

	bound = 0.7 // of its limit: what goes that fast is held by it
)

// Look takes how far the stages are at a time. Times that do not rise are passed over.
func (m *Meter) Look(now time.Time, stages ...Stage) {
	if m.last.IsZero() || len(stages) != len(m.stages) {
		m.start(now, stages)
		return
	}
	elapsed := now.Sub(m.last).Seconds()
	if elapsed <= 0 {
		return
	}
	m.last = now
	for i, s := range stages {
		m.stages[i].look(s, elapsed, func() { m.moved = now })
	}
	if m.began.IsZero() && m.moved.Equal(now) {
		m.began = now
	}
	m.estimate(now, elapsed)
}

func (m *Meter) start(now time.Time, stages []Stage) {
	*m = Meter{last: now, moved: now, stages: make([]flow, len(stages))}
	for i, s := range stages {
		m.stages[i].Stage = s
	}
}

// Hold is for a time in which nothing is meant to move: it counts for nothing, and
// after it the pace is learned anew.
func (m *Meter) Hold() { *m = Meter{} }

// look counts what has moved. A stage that has not begun, or is over, has no pace that
// time could take away; nor has one that only finds out what is there already, or waits
// for its first byte.
func (f *flow) look(s Stage, elapsed float64, moved func()) {
	step := max(0, (s.Done-s.Skipped)-(f.Done-f.Skipped))
	if step > 0 {
		moved()
	}
	idle := step == 0 && (s.Done == 0 || s.Total > 0 && s.Done >= s.Total || s.Skipped > f.Skipped || f.long.bytes == 0)
	f.Stage = s
	if idle {
		return
	}
	f.now.add(step, elapsed, memory)
	f.long.add(step, elapsed, longMemory)
}

// estimate lets the end that was told drift to the one that follows from the pace.
func (m *Meter) estimate(now time.Time, elapsed float64) {
	left, known := m.left()
	if !known || m.began.IsZero() || now.Sub(m.began) < warmUp || now.Sub(m.moved) > stall {
		m.end = time.Time{}
		return
	}
	raw := now.Add(left)
	if m.end.IsZero() {
		m.end = raw
		return
	}
	if told := m.end.Sub(now); now.Sub(m.began) < young && told > 2*left {
		m.end = raw // there was little to go by
		return
	}
	share := 1 - math.Exp(-elapsed/max(calm, left.Seconds()/20))
	m.end = m.end.Add(time.Duration(float64(raw.Sub(m.end)) * share))
	if soonest := now.Add(left / 4); m.end.Before(soonest) {
		m.end = soonest // what is told does not run out while there is work
	}
}

// left is the time that the stages take one after the other. It is not known before a
// stage that is still to come can be judged, if no other is under way, nor when all has
// moved: what is still done then takes a time of its own.
func (m *Meter) left() (_ time.Duration, known bool) {
	fastest := m.fastest()
	seconds := 0.0
	for _, f := range m.stages {
		rest := float64(f.Total - f.Done)
		if f.Total <= 0 || rest <= 0 {
			continue
		}
		rate := f.long.rate()
		if f.Done == 0 || rate <= 0 {
			if rate, known = f.guess(fastest); !known {
				continue
			}
		}
		if rate <= 0 {
			return 0, false
		}
		seconds += rest / rate
	}
	if seconds <= 0 || seconds > 365*24*3600 {
		return 0, false
	}
	return time.Duration(seconds * float64(time.Second)), true
}

// fastest is the stage that has gone fastest so far.
func (m *Meter) fastest() (fastest flow) {
	for _, f := range m.stages {
		if f.long.rate() > fastest.long.rate() {
			fastest = f
		}
	}
	return fastest
}

// guess is how fast a stage will go that has not begun: as fast as the fastest that has,
// and within its limit. If that one is as fast as its own limit lets it, it tells nothing
// of a stage without one: ok is false, and it counts once it is seen.
func (f flow) guess(fastest flow) (rate float64, ok bool) {
	rate = fastest.long.rate()
	if fastest.Limit > 0 && rate > bound*float64(fastest.Limit) {
		return float64(f.Limit), f.Limit > 0
	}
	if f.Limit > 0 {
		rate = min(rate, float64(f.Limit))
	}
	return rate, true
}

// Rate is how many bytes a second a stage moves, smoothed over some seconds. It is zero
// once nothing has moved for some time.
func (m *Meter) Rate(stage int) float64 {
	if stage >= len(m.stages) || m.last.Sub(m.moved) > stall {
		return 0
	}
	return m.stages[stage].now.rate()
}

// ETA is the time that is left until all stages are done. ok is false while that is
// not known: at the beginning, and when nothing moves.
func (m *Meter) ETA() (left time.Duration, ok bool) {
	if m.end.IsZero() {
		return 0, false
	}
	return max(0, m.end.Sub(m.last)), true
}
