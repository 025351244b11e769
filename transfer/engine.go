package transfer

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"time"

	"gantry/connectors"
	"gantry/transfer/docket"
	"gantry/transfer/journal"
	"gantry/transfer/schedule"
)

// Options of an Engine. Only the journal has to be given.
type Options struct {
	Journal      *journal.Journal
	Parallel     int                 // parts in flight for each destination of a job, at most; 0 = as many as the place is found to be worth
	PartSize     int64               // bytes of a part where the destinations' limits allow it; 0 = as the budget and the places' rates advise
	MemoryBudget int64               // bytes of parts in memory, of all jobs together; 0 = 64 MiB
	Patience     time.Duration       // how long a call that fails is waited for, in all, before it is given up; 0 = 2 min
	Stall        time.Duration       // a part that makes no progress for so long has timed out; 0 = 60 s
	Scheduler    *schedule.Scheduler // shared by engines that use the same links; nil makes one
	Dockets      string              // folder of what tells of uploads under way if the journal is lost; "" = one of the user's caches
	Scratch      string              // folder where files are staged for places that move whole files (connectors.Mover); "" = one of the user's caches
	Version      string              // of the program, for receipts: "gantry 1.2.3"
	Logger       *slog.Logger        // nil discards
	Now          func() time.Time
	Jitter       func() float64                                   // in [0, 1), spreads retries and chooses what is read again; nil is random
	Sleep        func(ctx context.Context, d time.Duration) error // returns early when ctx ends, with its cause; nil waits for d
}

// An Engine runs jobs, many at once. It is for use by many goroutines.
type Engine struct {
	o       Options
	journal *journal.Journal
	log     *slog.Logger
	memory  *memory
	turns   turns
	apart   aparts // of moves
	room    *room
	dockets docket.Folder

	growths  growths
	restarts restarts
	changes  changes
	controls controls
}

// New makes an engine.
func New(o Options) *Engine {
	if o.MemoryBudget < 1 {
		o.MemoryBudget = 64 << 20
	}
	if o.Patience <= 0 {
		o.Patience = 2 * time.Minute
	}
	if o.Stall <= 0 {
		o.Stall = time.Minute
	}
	if o.Scheduler == nil {
		o.Scheduler = schedule.New(schedule.Options{Now: o.Now})
	}
	if o.Scratch == "" {
		o.Scratch = scratch()
	}
	if o.Dockets == "" {
		o.Dockets = dockets()
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Jitter == nil {
		o.Jitter = rand.Float64
	}
	if o.Sleep == nil {
		o.Sleep = sleep
	}
	e := &Engine{o: o, journal: o.Journal, log: o.Logger, memory: newMemory(o.MemoryBudget, o.Patience), room: &room{dir: o.Scratch, free: freeOn, most: mostOf}, dockets: docket.In(o.Dockets)}
	e.tidyAll()
	return e
}

// Run does the job, or returns at once if it was done before and the destinations
// still hold the result. Of two runs of the same ID the second one waits for the
// first.
//
// One destination that fails does not stop the others: the receipt then has the
// copies that are done, and the error joins a [DestinationError] for each failure.
// Calls that may succeed later (connectors.Retryable) are retried with growing
// pauses; what Run returns has been retried already. KindChanged and KindIntegrity
// end the job: its uploads are aborted, and the next run starts over.
//
// When ctx ends, Run returns within a second or two and leaves the job resumable. When
// it ends with [ErrGivenUp], or the job is cancelled, the job is given up instead.
// While the job is paused, Run waits.
func (e *Engine) Run(ctx context.Context, job Job) (receipt Receipt, err error) {
	if err := e.check(job); err != nil {
		return Receipt{}, err
	}
	done, err := e.turns.wait(ctx, job.ID)
	if err != nil {
		return Receipt{}, err
	}
	defer done()
	c, err := e.enter(job)
	if err != nil {
		return Receipt{}, err
	}
	defer func() { e.leave(c, err) }()
	for {
		running, end, now := c.begin(ctx)
		receipt, err = e.runOnce(running, now, c)
		why := context.Cause(running)
		end(nil)
		c.last()
		if err != nil && errors.Is(why, errParked) && ctx.Err() == nil {
			continue
		}
		unwanted := c.close() || errors.Is(why, ErrGivenUp)
		switch {
		case err == nil:
			return receipt, e.changes.forget(e.journal, job.ID)
		case unwanted:
			return receipt, e.giveUp(ctx, job)
		default:
			return receipt, err
		}
	}
}

func (e *Engine) runOnce(ctx context.Context, job Job, c *control) (Receipt, error) {
	if err := c.wait(ctx); err != nil {
		return Receipt{}, connectors.Errorf(connectors.KindCanceled, "run job", job.ID, "%w; run it again to go on", err)
	}
	if err := c.ticket.Begin(ctx); err != nil {
		return Receipt{}, connectors.Errorf(connectors.KindCanceled, "run job", job.ID, "it had not begun: %w", err)
	}
	job, packer := e.packs(e.staged(job))
	r := &run{e: e, job: job, ticket: c.ticket, packer: packer, started: e.o.Now().UTC(), control: c}
	defer r.leave()
	receipt, err := r.do(ctx)
	if err == nil {
		receipt, err = r.depart(ctx, receipt)
	}
	if (err == nil || hopeless(r.pass.err)) && r.mayHaveStaged() {
		e.tidy(job.ID)
	}
	return receipt, err
}

func (e *Engine) check(job Job) error {
	if e.journal == nil {
		return connectors.Errorf(connectors.KindInvalid, "run job", job.ID, "the engine has no journal")
	}
	return job.check()
}
