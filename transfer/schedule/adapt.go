package schedule

import "time"

// adaptive finds out how many parts at once an endpoint is worth: it climbs while
// more parts bring more bytes, and backs off when the place fails or asks for it.
// The unit is one large part; see weigh.
type adaptive struct {
	limit int
	rate  float64 // bytes/s, smoothed

	began  time.Time // of the measurement
	bytes  int64     // what had moved then
	parts  int       // that have ended since
	full   bool      // somebody had to wait for a slot since
	before int       // the limit before the one that is tried
	was    float64   // the goodput with it
	trying bool
	leap   bool // double rather than creep
	rest   time.Time
	pause  time.Duration
	backed time.Time // when it was lowered for a failure
}

const (
	startSlots = 4
	shortest   = 200 * time.Millisecond // of a measurement
	longest    = time.Second
	gain       = 1.05 // what a step has to bring
	firstRest  = 5 * time.Second
	longRest   = time.Minute
)

func newAdaptive() adaptive { return adaptive{limit: startSlots, leap: true, pause: firstRest} }

// measure is called now and then with the bytes that have moved in all.
func (a *adaptive) measure(now time.Time, moved int64, most int) {
	a.limit = max(1, min(a.limit, most))
	took := now.Sub(a.began)
	switch {
	case a.began.IsZero() || took < 0:
		a.restart(now, moved)
		return
	case took < shortest || took < longest && a.parts < 2*a.limit:
		return
	}
	goodput := float64(moved-a.bytes) / took.Seconds()
	if moved > a.bytes {
		a.rate = blend(a.rate, goodput)
	}
	if full := a.full; full {
		a.judge(now, goodput, most)
	}
	a.restart(now, moved)
}

func (a *adaptive) restart(now time.Time, moved int64) {
	a.began, a.bytes, a.parts, a.full = now, moved, 0, false
}

// judge goes on where the last step has brought something, and back where not.
func (a *adaptive) judge(now time.Time, goodput float64, most int) {
	switch {
	case a.trying && goodput < a.was*gain:
		a.limit, a.trying, a.leap = a.before, false, false
		a.rest, a.pause = now.Add(a.pause), min(2*a.pause, longRest)
		return
	case a.trying:
		a.pause = firstRest
	case now.Before(a.rest):
		return
	}
	if a.limit >= most {
		a.trying = false
		return
	}
	step := max(1, a.limit/4)
	if a.leap {
		step = a.limit
	}
	a.before, a.was, a.trying = a.limit, goodput, true
	a.limit = min(a.limit+step, most)
}

// backOff is for a place that asks to slow down (by half) or fails (by a quarter).
func (a *adaptive) backOff(now time.Time, half bool) {
	if now.Sub(a.backed) < longest && !a.backed.IsZero() {
		return // it is the same trouble
	}
	a.backed = now
	if half {
		a.limit = max(1, a.limit/2)
	} else {
		a.limit = max(1, a.limit*3/4)
	}
	a.trying, a.leap = false, false
	a.rest = now.Add(3 * firstRest)
}
