package transfer

import (
	"time"

	"gantry/transfer/pace"
	"gantry/transfer/schedule"
)

// shown is what the last look has found.
type shown struct {
	rate float64
	eta  float64
}

// takePace takes the pace, and counts what has moved since the last look.
func (c *control) takePace(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.run
	if r == nil {
		return
	}
	c.count(r)
	if held, _ := c.held(now); held == HeldPaused || held == HeldBandwidth {
		c.meter.Hold()
		c.shown.rate, c.shown.eta = 0, -1
		return
	}
	c.meter.Look(now, r.stages()...)
	c.shown.rate, c.shown.eta = c.meter.Rate(0), -1
	if left, ok := c.meter.ETA(); ok && !r.plan().Open() { // nobody knows how much comes
		c.shown.eta = left.Seconds()
	}
}

// stages are what the run consists of: its copies are sent, and read back where that
// is how they are proved.
func (r *run) stages() []pace.Stage {
	var send, verify pace.Stage
	size := max(r.plan().Size, 0)
	for _, d := range r.deliveries {
		at := d.progress()
		send.Done += at.Sent
		send.Total += size
		send.Skipped += min(d.gauge.resumed.Load(), at.Sent)
		send.Limit = lower(send.Limit, at.SendLimit)
		switch {
		case at.Phase == PhaseVerify:
			verify.Total += size
			verify.Done += at.Done
			verify.Limit = lower(verify.Limit, at.ProofLimit)
		case d.way.Proof != ProofReadback: // it is proved without being read
		case phases[at.Phase] > phases[PhaseVerify]:
			verify.Total += size
			verify.Done += size
		default:
			verify.Total += size
			verify.Limit = lower(verify.Limit, at.ProofLimit)
		}
	}
	return []pace.Stage{send, verify}
}

// limits are what the copy may be sent with and read back with now, in bytes a second; 0 =
// no limit.
func (d *delivery) limits() (send, proof int64) {
	t := d.r.ticket
	if t == nil {
		return 0, 0
	}
	from := d.r.job.Source
	send = lower(
		t.Allowed(d.r.endpoint(from.Place, from.Location, schedule.Read)),
		t.Allowed(d.r.endpoint(d.to.Place, d.to.Location, schedule.Write)),
	)
	return send, t.Allowed(d.r.endpoint(d.to.Place, d.to.Location, schedule.Read))
}

// lower is the lower one of two limits, of which 0 is none.
func lower(a, b int64) int64 {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}
