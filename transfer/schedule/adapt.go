package schedule

import "time"

// adaptive finds out how many parts at once an endpoint is worth: it climbs while
// more parts bring more bytes, and backs off when the place fails or asks for it.
// The unit is one large part; see weigh.
//
// Goodput is taken from parts that have ended, not from bytes that were handed over:
// a new connection swallows megabytes before the first of them has left.
type adaptive struct {
	limit int
	rate  float64 // bytes/s, smoothed, as they were handed over

	rated     time.Time // when the rate was taken
	ratedFrom int64     // what had moved then

	skip  int // parts that end before the next measurement begins: they were started under another limit
	parts int // that have ended since then
	bytes int64
	since time.Time
	full  bool // somebody had to wait for a slot since

	before int     // the limit before the one that is tried
	was    float64 // the goodput with it
	trying bool
	leap   bool // double rather than creep
	rest   time.Time
	pause  time.Duration
	backed time.Time // when it was lowered for a failure
}

const (
	startSlots = 4
	shortest   = 200 * time.Millisecond // of a measurement
	rateEvery  = time.Second
	oneTrouble = time.Second // failures within it are the same trouble
	gain       = 1.05        // what a step has to bring
	firstRest  = 5 * time.Second
	longRest   = time.Minute
)

func newAdaptive() adaptive { return adaptive{limit: startSlots, leap: true, pause: firstRest} }

// start begins with so many at once, if nothing was found out yet.
func (a *adaptive) start(slots int) {
	if a.leap && !a.trying && a.limit == startSlots {
		a.limit = max(startSlots, slots)
	}
}

// begin is called when something moves after nothing has.
func (a *adaptive) begin(now time.Time, moved int64) {
	a.rated, a.ratedFrom = now, moved
	a.again(now, 0)
}

// again begins a measurement when so many parts have ended.
func (a *adaptive) again(now time.Time, skip int) {
	a.skip, a.parts, a.bytes, a.since, a.full = skip, 0, 0, now, false
}

// look takes the rate.
func (a *adaptive) look(now time.Time, moved int64) {
	if dt := now.Sub(a.rated); dt >= rateEvery {
		a.rate = blend(a.rate, float64(moved-a.ratedFrom)/dt.Seconds())
		a.rated, a.ratedFrom = now, moved
	}
}

// ended is called with each part that has arrived, and how many are still under way.
func (a *adaptive) ended(now time.Time, bytes int64, running, most int) {
	a.limit = max(1, min(a.limit, most))
	if a.skip > 0 {
		if a.skip--; a.skip == 0 {
			a.again(now, 0)
		}
		return
	}
	a.parts++
	a.bytes += bytes
	took := now.Sub(a.since)
	if took < shortest || a.parts < 2*max(a.limit, running+1) {
		return
	}
	before := a.limit
	if a.full {
		a.judge(now, float64(a.bytes)/took.Seconds(), most)
	}
	if a.limit != before {
		a.again(now, max(a.limit, before))
	} else {
		a.again(now, 0)
	}
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
	if now.Sub(a.backed) < oneTrouble && !a.backed.IsZero() {
		return
	}
	a.backed = now
	if half {
		a.limit = max(1, a.limit/2)
	} else {
		a.limit = max(1, a.limit*3/4)
	}
	a.trying, a.leap = false, false
	a.rest = now.Add(3 * firstRest)
	a.again(now, a.limit)
}
