package transfer

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"gantry/connectors"
	"gantry/transfer/chunk"
	"gantry/transfer/journal"
)

// finished is how the journal holds a copy while others are not done.
type finished struct {
	Copy    Copy               `json:"copy"`
	Digests connectors.Digests `json:"digests"`
}

// recall reads the journal.
func (r *run) recall() (err error) {
	if r.record, err = r.e.journal.Record(r.job.ID); err != nil || r.record.Receipt == nil {
		return err
	}
	var receipt Receipt
	if err := json.Unmarshal(r.record.Receipt, &receipt); err != nil {
		return fmt.Errorf("read the receipt of job %s: %w", r.job.ID, err)
	}
	if receipt.serves(r.job) {
		r.receipt = &receipt
	}
	return nil
}

// serves tells whether the receipt is of the job's source, as far as the job
// knows it, and has the digests that it wants.
func (c Receipt) serves(j Job) bool {
	_, expected := c.Digests.Agree(j.Expect)
	version := j.Source.Version == nil || j.Source.Version.SameVersion(c.Source.Entry)
	return expected && version && c.Source.Location == j.Source.Location && (c.Source.Path == j.Source.Path || c.Growth != nil) &&
		!slices.ContainsFunc(c.due(j), func(a connectors.Algorithm) bool { return c.Digests[a] == "" })
}

// findSource finds out which version the source has, and gives up what is of another.
func (r *run) findSource(ctx context.Context) error {
	if r.job.Growth != nil {
		return r.lookAtGrowth(ctx)
	}
	if r.pin() {
		return nil
	}
	if r.packer != nil {
		shown := r.report()
		r.unseen = r.packer.prepare(ctx, r)
		if shown(); r.unseen != nil {
			return nil
		}
	}
	if r.source, r.unseen = r.e.stat(ctx, r.job.Source.Place, r.job.Source.Path, r.noteRetry); r.unseen != nil {
		return nil // copies of earlier runs may still be all that is wanted
	}
	if r.source, r.unseen = r.settled(ctx, r.source); r.unseen != nil {
		return nil
	}
	switch v := r.job.Source.Version; {
	case v != nil && !v.SameVersion(r.source):
		r.unseen = connectors.Errorf(connectors.KindChanged, "run job", r.job.Source.Path, "the source is not the version that was asked for")
		return nil
	case r.receipt != nil && (!r.receipt.Source.Entry.SameVersion(r.source) || !r.receipt.Removed.IsZero()):
		r.receipt = nil // what is there now came after it
	}
	identity := ""
	if job := r.record.Job; job != nil && job.Plan.Open() {
		if identity, r.unseen = r.identify(ctx, r.job.Source.Path); r.unseen != nil {
			return nil
		}
	}
	if job := r.record.Job; job != nil && !r.same(*job, identity) {
		if err := r.changedSince(*job); err != nil {
			return err
		}
		return r.startOver(ctx, "the source has changed since the last run")
	}
	return r.keepOn()
}

// changedSince remembers what earlier runs had sent of another version.
func (r *run) changedSince(job journal.Job) error {
	restart := Restart{At: r.e.o.Now().UTC(), Reason: "the source has changed since the last run", Was: job.Source.Entry}
	if was := job.Source.Entry; !job.Plan.Open() && (was.Size != r.source.Size || was.Version != r.source.Version || !was.ModTime.Equal(r.source.ModTime)) {
		restart.Reason += " (" + connectors.Differences(was, r.source) + ")"
	}
	for _, parts := range r.record.Parts {
		for _, p := range parts {
			restart.SentBytes += p.Size
		}
	}
	return r.e.restarts.add(r.e.journal, r.job.ID, restart)
}

// same tells whether the source is the one of an earlier run. identity is that of one
// that was sent while it grew.
func (r *run) same(job journal.Job, identity string) bool {
	same := job.Source.Location == r.job.Source.Location && job.Source.Path == r.job.Source.Path
	if job.Plan.Open() {
		return same && r.sameGrown(job, identity)
	}
	return same && job.Source.Entry.SameVersion(r.source)
}

// startOver aborts the uploads of earlier runs and forgets the job.
func (r *run) startOver(ctx context.Context, why string) error {
	r.e.log.WarnContext(ctx, "transfer starts over", "job", r.job.ID, "reason", why)
	r.e.abortAll(ctx, r.record, r.job.Destinations)
	if err := r.e.journal.Forget(r.job.ID); err != nil {
		return err
	}
	r.record = journal.Record{}
	return nil
}

// stillToDo asks the destinations for the copies that earlier runs have made.
func (r *run) stillToDo(ctx context.Context) (todo []Destination, failures []error) {
	for _, to := range r.job.Destinations {
		c, ok := r.made(to)
		if !ok {
			todo = append(todo, to)
			continue
		}
		there, err := r.holds(ctx, to, c.Copy)
		switch {
		case err != nil:
			failures = append(failures, &DestinationError{Location: to.Location, Path: to.Path, Err: ended(ctx, err)})
		case there:
			r.kept = append(r.kept, c.Copy)
			r.digests = c.Digests
		default:
			r.e.log.WarnContext(ctx, "a finished copy is gone and is made again", "job", r.job.ID, "location", to.Location, "path", to.Path)
			todo = append(todo, to)
		}
	}
	return todo, failures
}

// made finds the copy of an earlier run.
func (r *run) made(to Destination) (f finished, ok bool) {
	if data, found := r.record.Copies[to.target()]; found && json.Unmarshal(data, &f) == nil {
		return f, true
	}
	if r.receipt != nil {
		for _, c := range r.receipt.Copies {
			if c.Location == to.Location && c.Path == to.Path {
				return finished{Copy: c, Digests: r.receipt.Digests}, true
			}
		}
	}
	return f, false
}

func (r *run) holds(ctx context.Context, to Destination, c Copy) (bool, error) {
	entry, err := r.e.stat(ctx, to.Place, to.Path, r.noteRetry)
	if untold(to, err) {
		return true, nil // there is nothing better than the receipt, and a second delivery would be worse
	}
	if connectors.KindOf(err) == connectors.KindNotFound {
		return false, nil
	}
	return entry.Size == c.Entry.Size && entry.Version == c.Entry.Version, err
}

// makePlan keeps the plan of an earlier run, whose parts have been accepted, as
// long as it suits all destinations.
func (r *run) makePlan(ctx context.Context, todo []Destination) (err error) {
	var traits []connectors.Traits
	for _, to := range todo {
		traits = append(traits, to.traits())
	}
	if job := r.record.Job; job != nil {
		if plan, ok := r.planOf(*job); ok && plan.Fits(traits...) {
			r.planned.Store(&plan)
			return nil
		}
		if err := r.startOver(ctx, "the parts of the last run do not suit the destinations of this one"); err != nil {
			return err
		}
	}
	plan, err := chunk.New(r.source.Size, r.partSize(r.source.Size, todo), traits...)
	if r.growth != nil {
		plan, err = chunk.Open(r.e.o.PartSize, traits...)
	}
	r.planned.Store(&plan)
	if err == nil {
		r.claimLeft(todo)
	}
	return err
}
