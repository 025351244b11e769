package transfer

import (
	"context"
	"errors"
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
	loose   atomic.Bool       // some of it was opened as whatever it is
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

	leftMu sync.Mutex
	leftAt map[journal.Target]*leavings // that were asked for

	growth     *growth // nil if the source is finished
	deliveries []*delivery
	missing    map[journal.Target]string // why a destination was found to compute no digest
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
	defer r.releaseLeft()
	if err := r.findSource(ctx); err != nil {
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
	r.survey(ctx, todo)
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
			d.giveUp(ctx)
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
