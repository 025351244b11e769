package link

import "time"

// A governor finds the pace at which all connections of a line together fill it with next
// to no queue. BBR finds the pace of one connection, by the most that it has seen arrive:
// several of them, each going by its own best moment, send more than the line carries, and
// a tenth of it and more is lost before the bottleneck. So this is done once for all of
// them: what arrived at most in all, a little more while there is less of a queue than
// keeps the line busy, and less where there is more. What is lost without a queue is the
// line's own way, and slows nothing down.
//
// Where nothing is lost, BBR is not needed under this pace: it goes slower from time to
// time to have a look, and takes seconds to make use of what another connection leaves.
//
// It is pure: it is told what has arrived, and gives the pace.
type governor struct {
	marks []mark // of the last round trip, oldest first

	top     [2]float64 // the most that arrived, bytes/s, in this stretch and the one before
	stretch time.Time  // since when this one is
	pressed bool       // we had as much to send as we may in it

	filled bool      // the line has been full once
	base   float64   // the rate that has to be exceeded until then
	grew   time.Time // when it was

	empty  time.Time // since when there is no queue at all; zero = there is one
	queued time.Time // since when there is too much of it; zero = there is not
	yields time.Time // until then, others fill the queue, and BBR deals with them

	again float64 // part of what is sent that is sent again
	begun mark    // what was sent by the beginning of the stretch
	sound bool    // the line loses nothing by itself
}

// A mark is what had happened by then.
type mark struct {
	at                      time.Time
	arrived, sent, repeated float64 // bytes
}

// A view is what the connections of a line show.
type view struct {
	mark
	roundTrip time.Duration // as it is now
	least     time.Duration // as it was at its best
	eager     bool          // they have more to send than they may
}

// The governor's constants; trips are round trips.
const (
	fasterBy     = 1.25 // in startTrips, as long as the line is not full
	startTrips   = 3
	stretchTrips = 6   // for which the most that arrived is believed, at least
	wantedQueue  = 8   // trips have one of it
	stiffness    = 0.5 // of the pace against the queue, per trip of it
	leastGain    = 0.8
	boldGain     = 1.25 // where nothing has queued up for emptyTrips
	emptyTrips   = 6
	heldTrips    = 30 // for which a queue that we do not fill is fought, at least held
	held         = 3 * time.Second
	enough       = 3 << 20 // bytes to tell a sound line from one that loses one packet in a thousand
	worthBBR     = 0.0005
	mostAgain    = 0.15 // of what is sent: more is no line's own loss
)

// pace gives bytes a second for all connections together; 0 = as TCP will have it.
func (g *governor) pace(v view) float64 {
	rate, ok := g.rate(v)
	if !ok {
		return 0
	}
	trip := max(v.least, 5*time.Millisecond)
	g.remember(v, rate, trip)
	queue := float64(v.roundTrip-v.least) / float64(trip)
	switch {
	case !g.filled && !g.full(v, rate, trip, queue):
		return 0
	case g.foreign(v.at, trip, queue):
		return 0
	}
	return max(g.top[0], g.top[1]) * (1 + g.again) * g.gain(v, trip, queue)
}

// rate is what arrived in the last round trip.
func (g *governor) rate(v view) (float64, bool) {
	g.marks = append(g.marks, v.mark)
	over := max(v.roundTrip, 50*time.Millisecond)
	for len(g.marks) > 2 && v.at.Sub(g.marks[1].at) >= over {
		g.marks = g.marks[1:]
	}
	first := g.marks[0]
	took := v.at.Sub(first.at)
	if took < over*3/4 {
		return 0, false
	}
	if sent := v.sent - first.sent; sent > 0 {
		const smooth = 16
		g.again += (min(mostAgain, (v.repeated-first.repeated)/sent) - g.again) / smooth
	}
	return (v.arrived - first.arrived) / took.Seconds(), true
}

// remember keeps the most for one stretch and up to one more. A stretch in which there
// was little to send makes nothing forgotten.
func (g *governor) remember(v view, rate float64, trip time.Duration) {
	g.pressed = g.pressed || v.eager
	if g.pressed && v.at.Sub(g.stretch) > max(stretchTrips*trip, 500*time.Millisecond) {
		g.listen(v.mark)
		g.top, g.stretch, g.pressed = [2]float64{0, g.top[0]}, v.at, v.eager
	}
	g.top[0] = max(g.top[0], rate)
}

// listen judges the line by a stretch of enough packets.
func (g *governor) listen(m mark) {
	sent, repeated := m.sent-g.begun.sent, m.repeated-g.begun.repeated
	if sent < enough {
		return
	}
	if g.begun = m; repeated == 0 {
		g.sound = g.filled
	} else if repeated > worthBBR*sent {
		g.sound = false
	}
}

// full lets TCP climb until nothing more comes of it, or what comes queues up.
func (g *governor) full(v view, rate float64, trip time.Duration, queue float64) bool {
	if rate > fasterBy*g.base || !v.eager {
		g.base, g.grew = max(rate, g.base), v.at
	}
	g.filled = queue > 2./wantedQueue || v.at.Sub(g.grew) > startTrips*trip
	return g.filled
}

// foreign tells whether somebody else fills the queue: it stays though we send less.
func (g *governor) foreign(now time.Time, trip time.Duration, queue float64) bool {
	switch {
	case now.Before(g.yields):
		return true
	case queue < 2./wantedQueue:
		g.queued = time.Time{}
	case g.queued.IsZero():
		g.queued = now
	case now.Sub(g.queued) > max(heldTrips*trip, held):
		g.queued, g.yields = time.Time{}, now.Add(2*max(heldTrips*trip, held))
		return true
	}
	return false
}

// gain is how much of what arrives may be sent, so that a small queue stays.
func (g *governor) gain(v view, trip time.Duration, queue float64) float64 {
	switch {
	case queue > 0.5/wantedQueue || !v.eager:
		g.empty = time.Time{}
	case g.empty.IsZero():
		g.empty = v.at
	case v.at.Sub(g.empty) > emptyTrips*trip:
		return boldGain
	}
	return max(leastGain, 1+stiffness*(1./wantedQueue-queue))
}
