package schedule

import "gantry/connectors/wrap/throttle"

// Allowed is what the limits of now let the job move at an endpoint, in bytes a second:
// the lowest of those that hold for it, which others may have a part of. Zero is no
// limit. Where nothing may move, it is what a part has that cannot be stopped.
func (t *Ticket) Allowed(e Endpoint) (rate int64) {
	t.s.mu.Lock()
	defer t.s.mu.Unlock()
	f := &flow{job: t.job, endpoint: &endpoint{name: e.Name}, near: e.Near}
	for _, l := range t.s.core.limitsOf(f) {
		one := l.rate(e.Direction)
		if one == throttle.Stop {
			one = crawl
		}
		if one > 0 && (rate == 0 || one < rate) {
			rate = one
		}
	}
	return rate
}
