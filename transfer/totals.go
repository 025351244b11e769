package transfer

import (
	"cmp"
	"maps"
	"slices"

	"gantry/connectors"
)

// Totals are what an engine has moved since it was made, for metrics.
type Totals struct {
	Moved []Moved
	Ended []Ended
}

// Moved is what has moved to and from one location for one kind of work.
type Moved struct {
	Location string
	Kind     string // Job.Kind
	Read     int64  // bytes, of sources and of copies that were read back
	Sent     int64  // bytes that were written, with those that were sent again
	Resent   int64  // of these, the bytes of parts that had been sent before
	Resumed  int64  // bytes that did not have to be sent, because an earlier run had
	Parts    int64  // that were accepted
	Retries  int64  // of calls
}

// Ended is how many jobs of a kind have ended in one way: "done", "stopped" (the next
// run goes on), "cancelled" or "failed".
type Ended struct {
	Kind, Outcome string
	Jobs          int64
}

// Totals tells what has moved so far, by location and kind.
func (e *Engine) Totals() Totals {
	e.controls.mu.Lock()
	defer e.controls.mu.Unlock()
	t := &e.controls.totals
	all := Totals{}
	for _, m := range t.moved {
		all.Moved = append(all.Moved, *m)
	}
	slices.SortFunc(all.Moved, func(a, b Moved) int {
		return cmp.Or(cmp.Compare(a.Location, b.Location), cmp.Compare(a.Kind, b.Kind))
	})
	for _, key := range slices.SortedFunc(maps.Keys(t.jobs), func(a, b [2]string) int { return slices.Compare(a[:], b[:]) }) {
		all.Ended = append(all.Ended, Ended{key[0], key[1], t.jobs[key]})
	}
	return all
}

type totals struct {
	moved map[[2]string]*Moved
	jobs  map[[2]string]int64
}

// of gives the row of a location and kind. The lock of the controls is held.
func (t *totals) of(location, kind string) *Moved {
	key := [2]string{location, kind}
	if t.moved[key] == nil {
		if t.moved == nil {
			t.moved = map[[2]string]*Moved{}
		}
		t.moved[key] = &Moved{Location: location, Kind: kind}
	}
	return t.moved[key]
}

func (t *totals) ended(kind string, err error) {
	outcome := "failed"
	switch {
	case err == nil:
		outcome = "done"
	case isGivenUp(err):
		outcome = "cancelled"
	case connectors.KindOf(err) == connectors.KindCanceled:
		outcome = "stopped"
	}
	if t.jobs == nil {
		t.jobs = map[[2]string]int64{}
	}
	t.jobs[[2]string{kind, outcome}]++
}

// counted is what a run's deliveries have been counted with so far.
type counted struct {
	read, retries int64
	each          []Moved
}

// count adds what has moved since the last time. The control's lock is held.
func (c *control) count(r *run) {
	c.e.controls.mu.Lock()
	defer c.e.controls.mu.Unlock()
	t, was := &c.e.controls.totals, &c.counted
	source := t.of(r.job.Source.Location, r.job.Kind)
	source.Read += rise(&was.read, r.hashed.Load())
	source.Retries += rise(&was.retries, r.retries.Load())
	if len(was.each) != len(r.deliveries) {
		was.each = make([]Moved, len(r.deliveries))
	}
	for i, d := range r.deliveries {
		to, had := t.of(d.to.Location, r.job.Kind), &was.each[i]
		to.Sent += rise(&had.Sent, d.gauge.sent.Load()+d.gauge.wire())
		to.Resent += rise(&had.Resent, d.gauge.resent.Load())
		to.Resumed += rise(&had.Resumed, d.gauge.resumed.Load())
		to.Retries += rise(&had.Retries, d.gauge.retries.Load())
		to.Parts += rise(&had.Parts, d.gauge.parts.Load())
		if at := d.progress(); at.Phase == PhaseVerify {
			had.Read = min(had.Read, at.Done) // it may be read more than once
			to.Read += rise(&had.Read, at.Done)
		}
	}
}

// rise moves a count up and tells by how much.
func rise(count *int64, to int64) int64 {
	step := max(0, to-*count)
	*count += step
	return step
}
