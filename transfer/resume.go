package transfer

import (
	"context"
	"encoding/json"
	"slices"

	"gantry/connectors"
	"gantry/transfer/digest"
)

// resumable tells whether to take up an earlier reading. A file of this machine is
// read again: that costs little, and finds what was changed behind its times. So is
// one that was first sent while it grew: nobody knows the version that it had.
func (r *run) resumable() bool {
	if job := r.record.Job; job != nil && job.Plan.Open() {
		return false
	}
	_, disk := connectors.As[connectors.OnDisk](r.job.Source.Place)
	_, moved := r.job.Source.Place.(*depot)
	return !disk && !moved && r.growth == nil && r.plan().Count() > 1
}

// restore finds out which parts need not be read again, and takes up the hashes of
// the whole behind them. It trusts the version of the source as far as the place
// tells one, and some of the parts are read all the same.
func (r *run) restore(ctx context.Context) {
	if !r.resumable() {
		return
	}
	r.trail = newTrail(len(r.wanted()))
	var c checkpoint
	if r.record.Mark == nil || json.Unmarshal(r.record.Mark, &c) != nil || c.Parts < 1 || c.Parts > r.plan().Count() || c.Check != c.sum() {
		return
	}
	if _, err := digest.Restore(c.States, 0, r.wanted()...); err != nil {
		return // more digests are wanted than were then
	}
	known := r.recorded(c)
	if known == nil || r.racy(r.source, r.record.Job.Started) || !r.stillSame(ctx, known) {
		return
	}
	r.noteUnread(len(known))
	r.known, r.states, r.trail.kept = known, c.States, c.Parts
	for _, p := range known {
		r.trail.read(p)
	}
}

// recorded gives the parts of a checkpoint as one of the destinations has accepted
// them, nil if none has all of them with the digests that are needed.
func (r *run) recorded(c checkpoint) []connectors.Part {
	for _, d := range r.deliveries {
		var known []connectors.Part
		for n := 1; n <= c.Parts; n++ {
			p, ok := r.record.Parts[d.target][n]
			want := r.plan().Part(n)
			if !ok || p.Offset != want.Offset || p.Size != want.Size || !r.digested(p) {
				break
			}
			p.ETag = ""
			known = append(known, p)
		}
		if crc, err := digest.CombineParts(known); len(known) == c.Parts && err == nil && crc == c.CRC {
			return known
		}
	}
	return nil
}

func (r *run) digested(p connectors.Part) bool {
	return !slices.ContainsFunc(r.partAlgorithms(), func(a connectors.Algorithm) bool { return p.Digests[a] == "" })
}

// stillSame reads the first of the parts, which holds a media file's header, and
// any others.
func (r *run) stillSame(ctx context.Context, known []connectors.Part) bool {
	sample, many := slices.Clone(known), r.samples(len(known))
	for n := 1; n < many; n++ {
		r.e.draw(sample, n)
	}
	sample = sample[:many]
	same := true
	s := r.sourceScan()
	s.parts = func(yield func(connectors.Part) bool) {
		for _, p := range sample {
			if !yield(connectors.Part{Number: p.Number, Offset: p.Offset, Size: p.Size}) {
				return
			}
		}
	}
	s.each = func(_ context.Context, p *piece) error {
		defer p.drop()
		_, equal := p.part.Digests.Agree(known[p.part.Number-1].Digests)
		same = same && equal
		return nil
	}
	if err := s.run(ctx, r.e, r.share); err != nil {
		return false // the reading that follows says what is wrong
	}
	if !same {
		r.e.log.WarnContext(ctx, "the source has other bytes than before, though its version is the same: all of it is read again",
			"job", r.job.ID, "location", r.job.Source.Location, "path", r.job.Source.Path)
	}
	return same
}

// restored makes the hash of the whole, behind the parts that are known.
func (r *run) restored(a connectors.Algorithm) (*digest.Set, error) {
	if len(r.known) == 0 {
		return digest.New(a)
	}
	last := r.known[len(r.known)-1]
	return digest.Restore(r.states, last.Offset+last.Size, a)
}

// takeOver counts what is known to be accepted. A place that takes parts in their
// order only, and lacks one of them, leaves the reading, and catches up afterwards.
func (d *delivery) takeOver() {
	complete := true
	for _, p := range d.r.known {
		complete = d.confirm(p) && complete
	}
	if d.traits.Sequential && !complete {
		d.leave()
	}
}

// checkpoint gives what to write down with a part that has just been accepted.
func (d *delivery) checkpoint(accepted int) any {
	if d.r.trail == nil {
		return nil
	}
	d.mu.Lock()
	for {
		if _, ok := d.accepted[d.prefix+1]; !ok && d.prefix+1 != accepted {
			break
		}
		d.prefix++
	}
	prefix := d.prefix
	d.mu.Unlock()
	if c := d.r.trail.upTo(prefix); c != nil {
		return c
	}
	return nil
}
