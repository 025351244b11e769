package transfer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"gantry/connectors"
	"gantry/transfer/chunk"
	"gantry/transfer/journal"
	"gantry/transfer/schedule"
)

// A run is one call of Engine.Run.
type run struct {
	e       *Engine
	job     Job
	packer  *packer // nil if the source is sent as it is
	control *control
	started time.Time
	source  connectors.Entry // the version that is read
	unseen  error            // why the source could not be looked at
	planned atomic.Pointer[chunk.Plan]
	pinned  connectors.Pinner // opens that version and no other; nil = it is looked at before and after
	told    told              // of that version, by its place
	share   *share
	ticket  *schedule.Ticket
	reads   *schedule.Flow // of the source

	record  journal.Record // what earlier runs have left
	receipt *Receipt       // of an earlier run, if it serves
	kept    []Copy         // of earlier runs, found to be still there
	digests connectors.Digests

	trail  *trail                          // nil where nothing of the reading is kept for a later run
	known  []connectors.Part               // what an earlier run has read: the first parts, with their digests
	states map[connectors.Algorithm][]byte // of the hashes behind them

	vouched connectors.Algorithm // by which the source's place agrees with what was read
	notes   []string             // on the reading, for the receipt
	doubted atomic.Bool          // a part did not stay in memory what it was

	growth     *growth // nil if the source is finished
	deliveries []*delivery
	seen       seen
	pass       pass
	once       bool        // see copyAtOnce
	remembered atomic.Bool // this run has put more into the journal than its beginning
	hashed     atomic.Int64
	retries    atomic.Int64
	trouble    trouble
}

// plan is how the file is cut. Of a file that grows the size shows only when the
// pass has ended.
func (r *run) plan() chunk.Plan {
	if p := r.planned.Load(); p != nil {
		return *p
	}
	return chunk.Plan{}
}

// pass is the one reading of the source, and its outcome once done is closed.
type pass struct {
	done  chan struct{}
	whole connectors.Whole // each part with its digests
	err   error
}

func (r *run) do(ctx context.Context) (Receipt, error) {
	if err := r.recall(); err != nil {
		return Receipt{}, err
	}
	if err := r.look(ctx); err != nil {
		return Receipt{}, err
	}
	if err := r.movable(ctx); err != nil {
		return Receipt{}, err
	}
	if r.growth != nil {
		defer r.e.growths.add(r.job.ID, r.growth)()
	}
	todo, failures := r.stillToDo(ctx)
	if len(failures) == 0 {
		if moved, err := r.rename(ctx, todo); moved && err == nil {
			return *r.receipt, nil
		} else if err != nil {
			return Receipt{}, err
		}
	}
	switch finished := len(todo)+len(failures) == 0; {
	case finished && r.receipt != nil:
		return *r.receipt, nil
	case finished && r.growth == nil: // and the receipt was not written any more
		r.source = r.record.Job.Source.Entry
	case finished:
	case r.unseen != nil:
		return Receipt{}, errors.Join(append(failures, r.reading(ctx, r.unseen))...)
	case len(todo) > 0:
		if err := r.makePlan(ctx, todo); err != nil {
			return Receipt{}, err
		}
		r.ticket.Know(r.source.Size)
		r.share = r.newShare(r.places(todo)...)
		r.reads = r.flow(r.job.Source.Place, r.job.Source.Location, schedule.Read)
		defer r.share.end()
		if r.atOnce(todo) {
			failures = append(failures, r.copyAtOnce(ctx, todo[0])...)
		} else {
			failures = append(failures, r.copyTo(ctx, todo)...)
		}
	}
	return r.conclude(failures)
}

// copyTo reads once and delivers to all. It returns the failures.
func (r *run) copyTo(ctx context.Context, todo []Destination) []error {
	for _, to := range todo {
		r.deliveries = append(r.deliveries, newDelivery(r, to))
	}
	r.control.follow(r)
	defer r.report()()
	if err := r.fetch(ctx); err != nil {
		return []error{r.reading(ctx, err)}
	}
	r.restore(ctx)
	for _, p := range r.known {
		r.hashed.Add(p.Size)
	}
	r.seen.add(r.known...)
	reading, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	r.pass.done = make(chan struct{})
	results := make([]error, len(todo))
	var alive atomic.Int32
	alive.Store(int32(len(todo)))
	var wait sync.WaitGroup
	for i, d := range r.deliveries {
		wait.Go(func() {
			results[i] = d.run(ctx)
			if alive.Add(-1) == 0 {
				stop(errNobodyLeft)
			}
			d.idle.Wait()
		})
	}
	wait.Go(func() { r.keepPace(reading) })
	if r.growth != nil {
		r.pass.whole, r.pass.err = r.grow(reading)
	} else {
		r.pass.whole, r.pass.err = r.read(reading)
	}
	close(r.pass.done)
	wait.Wait()
	for _, d := range r.deliveries {
		switch {
		case hopeless(r.pass.err):
			d.abort(ctx)
		case errors.Is(r.pass.err, errDeleted):
			d.conceal(ctx)
		}
	}
	return r.failures(ctx, results)
}

// newShare has room for the parts that are sent at once and the next two, for these places.
func (r *run) newShare(to ...string) *share {
	return r.e.memory.share(int64(r.e.parallel()+2)*classOf(r.plan().PartSize), r.ticket, to...)
}

// places are those that parts are held for, and a source that is not a disk of this
// machine, which may be slow to give them.
func (r *run) places(todo []Destination) (names []string) {
	if from := endpoint(r.job.Source.Place, r.job.Source.Location, schedule.Read); !from.Near {
		names = append(names, from.Name)
	}
	for _, to := range todo {
		if name := endpoint(to.Place, to.Location, schedule.Write).Name; !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// errNobodyLeft ends the reading when no destination wants to go on.
var errNobodyLeft = errors.New("no destination is left")

func (r *run) failures(ctx context.Context, results []error) (failures []error) {
	for i, err := range results {
		if err != nil && !errors.Is(err, errPass) {
			to := r.deliveries[i].to
			failures = append(failures, &DestinationError{Location: to.Location, Path: to.Path, Err: renewed(err)})
		}
	}
	undone := len(failures)
	for _, d := range r.deliveries {
		if d.copy == nil {
			undone++
		}
	}
	if ctx.Err() != nil && undone > 0 {
		return []error{connectors.Errorf(connectors.KindCanceled, "run job", r.job.ID, "%w; run it again to go on", context.Cause(ctx))}
	}
	if r.pass.err != nil && !errors.Is(r.pass.err, errNobodyLeft) {
		failures = append(failures, r.reading(ctx, r.pass.err))
	}
	return failures
}

// reading names the source in an error of reading it.
func (r *run) reading(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return connectors.Errorf(connectors.KindCanceled, "run job", r.job.ID, "%w; run it again to go on", context.Cause(ctx))
	}
	return fmt.Errorf("read %s %s: %w", r.job.Source.Location, r.job.Source.Path, renewed(err))
}

// renewed says of credentials that are not accepted any more what becomes of the job.
func renewed(err error) error {
	if connectors.KindOf(err) != connectors.KindAuth {
		return err
	}
	return fmt.Errorf("%w; run it again with credentials that are valid: it goes on where it stopped", err)
}

// conclude writes the receipt, or leaves the job as the next run has to find it.
func (r *run) conclude(failures []error) (Receipt, error) {
	receipt := r.makeReceipt()
	if len(failures) == 0 {
		restarts, err := r.e.restarts.of(r.e.journal, r.job.ID)
		if receipt.Restarts = restarts; err != nil {
			return receipt, err
		}
		if err := r.finish(receipt); err != nil {
			return receipt, fmt.Errorf("job %s is done, but has no receipt in the journal: %w", r.job.ID, err)
		}
		return receipt, r.e.restarts.forget(r.e.journal, r.job.ID)
	}
	switch {
	case hopeless(r.pass.err):
		failures = append(failures, r.inVain(r.pass.err), r.e.journal.Forget(r.job.ID))
		receipt.Copies = nil
	case errors.Is(r.pass.err, errDeleted):
		failures = append(failures, r.keepForADay())
	}
	return receipt, errors.Join(failures...)
}

// finish writes the receipt in place of what is recorded.
func (r *run) finish(receipt Receipt) error {
	if r.record.Job != nil || r.remembered.Load() {
		return r.e.journal.Finish(r.job.ID, receipt)
	}
	var begun []journal.Target
	for _, d := range r.deliveries {
		if d.record.ID != "" {
			begun = append(begun, d.target)
		}
	}
	return r.e.journal.FinishAtOnce(r.job.ID, receipt, begun...)
}

// hopeless tells whether what is under way is of no use to a later run.
func hopeless(err error) bool {
	kind := connectors.KindOf(err)
	return kind == connectors.KindChanged || kind == connectors.KindIntegrity
}

func (r *run) makeReceipt() Receipt {
	c := Receipt{
		Job: r.job.ID, Source: ReceiptSource{Location: r.job.Source.Location, Path: r.path(), Entry: r.source},
		Engine: r.e.o.Version, Size: r.source.Size, Digests: r.digests, Started: r.started, Finished: r.e.o.Now().UTC(), Copies: r.kept, Packed: r.packer.packed(), Growth: r.growth.grown(),
	}
	c.Source.Vouched, c.Source.Notes = r.vouched, r.notes
	c.Source.Entry.Digests, c.Source.Entry.Stated = r.claimed()
	if p := r.job.Source.Profile; p != nil {
		c.Source.Software = p.Software
	}
	if r.pass.whole.Digests != nil {
		c.Digests = r.pass.whole.Digests
	}
	if r.record.Job != nil {
		c.Started = r.record.Job.Started
	}
	for _, d := range r.deliveries {
		if d.copy != nil {
			c.Copies = append(c.Copies, *d.copy)
		}
	}
	return c
}
