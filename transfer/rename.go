package transfer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"gantry/connectors"
	"gantry/transfer/journal"
	"gantry/transfer/schedule"
)

// A move inside of one storage is a rename where nothing has the destination's path:
// the file itself is the copy. It is read before only where the job names digests.

// renames is the journal's index of files that are about to get another path. An entry
// stays until the receipt is written, so that a run after a crash finds out which path
// the file has.
const renames = "renames"

// A Renaming is one entry of the index, by the job's ID.
type Renaming struct {
	Job      string           `json:"job"`
	Source   connectors.Entry `json:"source"`
	From     string           `json:"from"` // the name of the location
	To       string           `json:"to"`
	Path     string           `json:"path"`
	Identity string           `json:"identity,omitempty"` // of the file; "" where the place cannot tell
}

// rename tries to move the source by a rename, and tells whether it is moved. Where it
// is not, without an error, it has to be copied.
func (r *run) rename(ctx context.Context, todo []Destination) (done bool, err error) {
	if r.job.Move == Keep || len(todo) != 1 || len(r.job.Destinations) != 1 || r.packer != nil || r.growth != nil {
		return false, nil
	}
	to := todo[0]
	taker, ok := connectors.As[connectors.Taker](to.Place)
	if !ok {
		return false, nil
	}
	before, err := r.renamedBefore(ctx, to)
	if before != nil || err != nil || r.unseen != nil || r.record.Job != nil {
		return before != nil, err
	}
	if !taker.Near(r.job.Source.Place) {
		return false, nil
	}
	if _, err := r.e.stat(ctx, to.Place, to.Path, r.noteRetry); connectors.KindOf(err) != connectors.KindNotFound {
		return false, nil // what is wrong there shows when it is copied
	}
	if _, moved := r.job.Source.Place.(*depot); moved {
		return false, nil
	}
	if err := r.hashBefore(ctx, todo); err != nil {
		return false, r.reading(ctx, err)
	}
	return r.takeOver(ctx, taker, to)
}

// takeOver gives the file its new path, and writes down before that it will.
func (r *run) takeOver(ctx context.Context, taker connectors.Taker, to Destination) (done bool, err error) {
	plan := Renaming{Job: r.job.ID, Source: r.source, From: r.job.Source.Location, To: to.Location, Path: to.Path}
	plan.Identity, _ = r.identify(ctx, r.job.Source.Path) // without one, its size and time have to do
	if err := r.e.journal.Put(renames, r.job.ID, plan); err != nil {
		return false, err
	}
	entry, err := retry(ctx, r.e.retrier(r.noteRetry), r.e.o.Stall, func(ctx context.Context) (connectors.Entry, error) {
		entry, err := taker.TakeOver(ctx, r.job.Source.Place, plan.Source, to.Path)
		if connectors.KindOf(err) != connectors.KindNotFound {
			return entry, err
		}
		there, lost := r.arrived(ctx, plan, to)
		if lost == nil && there == nil {
			lost = err // it is nowhere
		}
		if lost != nil {
			return entry, lost
		}
		return *there, nil
	})
	switch kind := connectors.KindOf(err); kind {
	case "":
		return true, r.renamed(to, entry)
	case connectors.KindUnsupported, connectors.KindExists, connectors.KindChanged, connectors.KindNotFound:
		return false, errors.Join(r.changedUnless(kind, err), r.e.journal.Delete(renames, r.job.ID)) // it has its old path for sure
	}
	short, cancel := context.WithTimeout(context.WithoutCancel(ctx), abortTime)
	defer cancel()
	if there, _ := r.arrived(short, plan, to); there != nil {
		return true, r.renamed(to, *there) // though nobody waits for it any more
	}
	return false, err
}

// changedUnless gives the error of a rename that did not happen; nil if the file can be
// copied instead.
func (r *run) changedUnless(kind connectors.Kind, err error) error {
	if kind == connectors.KindUnsupported || kind == connectors.KindExists {
		r.e.log.Info("the storage does not rename the file, so that it is copied", "job", r.job.ID, "path", r.job.Source.Path, "reason", err)
		return nil
	}
	return r.reading(context.Background(), err)
}

// renamedBefore looks for a rename of an earlier run, which was killed before it could
// write its receipt.
func (r *run) renamedBefore(ctx context.Context, to Destination) (*connectors.Entry, error) {
	var plan Renaming
	found, err := r.e.journal.Get(renames, r.job.ID, &plan)
	if !found || err != nil {
		return nil, err
	}
	gone := connectors.KindOf(r.unseen) == connectors.KindNotFound
	next := r.unseen == nil && !r.source.SameVersion(plan.Source) // it may have come after the rename
	if (gone || next) && plan.To == to.Location && plan.Path == to.Path && plan.From == r.job.Source.Location && plan.Source.Path == r.job.Source.Path {
		there, err := r.arrived(ctx, plan, to)
		if err != nil {
			return nil, err
		}
		if there != nil {
			r.source, r.unseen = plan.Source, nil
			return there, r.renamed(to, *there)
		}
	}
	if r.unseen == nil { // it was not renamed
		return nil, r.e.journal.Delete(renames, r.job.ID)
	}
	return nil, nil
}

// arrived gives the file at the destination if it is the one that was renamed; nil if
// it is not.
func (r *run) arrived(ctx context.Context, plan Renaming, to Destination) (*connectors.Entry, error) {
	entry, err := r.e.stat(ctx, to.Place, to.Path, r.noteRetry)
	if connectors.KindOf(err) == connectors.KindNotFound {
		return nil, nil
	}
	if err != nil || entry.Size != plan.Source.Size || !entry.ModTime.Equal(plan.Source.ModTime) {
		return nil, err
	}
	if i, ok := connectors.As[connectors.Identifier](to.Place); ok && plan.Identity != "" {
		now, err := i.Identity(ctx, to.Path)
		if err != nil || now != "" && now != plan.Identity {
			return nil, err
		}
	}
	return &entry, nil
}

// hashBefore reads the source where digests of it are wanted by name, or known.
func (r *run) hashBefore(ctx context.Context, todo []Destination) error {
	named := len(r.job.Digests)+len(r.job.Expect) > 0 || r.job.Verify == VerifyReadback || todo[0].Verify == VerifyReadback
	if !named {
		return nil
	}
	if err := r.makePlan(ctx, todo); err != nil {
		return err
	}
	r.ticket.Know(r.source.Size)
	r.share = r.newShare()
	defer r.share.end()
	r.reads = r.flow(r.job.Source.Place, r.job.Source.Location, schedule.Read)
	r.control.follow(r)
	defer r.report()()
	whole, err := r.read(ctx)
	r.digests = whole.Digests
	r.hashed.Store(0)
	return err
}

// renamed makes the copy of the receipt, with which the source is gone already.
func (r *run) renamed(to Destination, entry connectors.Entry) error {
	now := r.e.o.Now().UTC()
	c := Copy{
		Location: to.Location, Path: to.Path, Entry: entry, Proof: ProofRenamed,
		ProofReason: "source and destination are on one storage, which gave the file its new path", ServerSide: true,
		Times: Times{Started: r.started, Verified: now, Committed: now},
	}
	if to.Profile != nil {
		c.Software = to.Profile.Software
	}
	r.kept = []Copy{c}
	receipt := r.makeReceipt()
	receipt.Removed = now
	if err := r.e.journal.Finish(r.job.ID, receipt); err != nil {
		return fmt.Errorf("job %s is done, but has no receipt in the journal: %w", r.job.ID, err)
	}
	r.receipt = &receipt
	return r.e.journal.Delete(renames, r.job.ID)
}

// HalfRenamed gives the renames that a process has left undecided when it was killed. A
// listing of the source may lack their files; to run their jobs decides it.
func HalfRenamed(j *journal.Journal) (list []Renaming, err error) {
	for entry, err := range j.Scan(renames, "") {
		var r Renaming
		if err == nil {
			err = json.Unmarshal(entry.Value, &r)
		}
		if err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	return list, nil
}
