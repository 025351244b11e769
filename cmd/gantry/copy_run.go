package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime/debug"
	"sync"
	"time"

	"gantry/connectors"
	"gantry/transfer"
	"gantry/transfer/journal"
	"gantry/transfer/schedule"
	"gantry/transfer/steer"
)

// carryOut copies all files, several at once. A file that fails does not stop the
// others.
func (c *copier) carryOut(ctx context.Context, remembered *memory, pairs []pair) (*report, error) {
	state, j := remembered.dir, remembered.journal
	c.resumed = !untouched(j)
	defer func() { c.blank = untouched(j) }()
	m, err := c.newMover(state, j, pairs)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	m.steering.ctx, m.steering.cancel = ctx, cancel
	defer m.open(state)()
	if m.there, err = c.holdings(ctx, pairs); err != nil {
		return nil, err
	}
	r, err := c.newReport(state, len(pairs))
	if err != nil {
		return nil, err
	}
	if len(pairs) >= veryMany {
		defer debug.SetGCPercent(debug.SetGCPercent(50))
	}
	shown := m.tally.showOn(m.display, m.steering.gone)
	c.eachFile(pairs, func(i int) {
		result := m.move(ctx, pairs[i])
		pairs[i].seen = nil
		r.add(i, result)
		m.receipts.add(result)
		m.tally.end(pairs[i], result)
	})
	r.cancelled = errors.Is(context.Cause(ctx), transfer.ErrGivenUp)
	if r.cancelled {
		err = m.giveUp(context.WithoutCancel(ctx))
	} else {
		m.tidy(ctx)
	}
	shown()
	r.Seconds = time.Since(m.began).Seconds()
	return r, errors.Join(err, m.recount(r, pairs), r.spool.end(), m.receipts.Close())
}

// underWay says which process has the transfer.
func underWay(err error) error {
	var other *journal.InUse
	if errors.As(err, &other) {
		return fmt.Errorf("the same copy is under way in process %d: wait for it, or stop it", other.PID)
	}
	return err
}

// veryMany is from how many files on their list is so much of the memory that garbage
// beside it is collected at half of its size, and not when it is as large.
const veryMany = 50_000

func (c *copier) newMover(state string, j *journal.Journal, pairs []pair) (*mover, error) {
	lines := schedule.New(schedule.Options{Now: time.Now})
	m := &mover{
		copier: c, journal: j, began: time.Now(),
		engine: transfer.New(transfer.Options{
			Journal: j, Scratch: filepath.Join(state, "scratch"), Parallel: c.parallel, PartSize: c.partBytes, Scheduler: lines, Version: "gantry " + version,
			Logger: c.app.noteLogger(c.display), Now: time.Now,
		}),
	}
	before, _, err := steer.Read(state)
	if err != nil {
		c.display.note("warning: what was changed of an earlier run is not known any more: " + err.Error())
	}
	record := c.record(before, state)
	m.tally = newTally(record.ID, record.Source, record.Destination, pairs, c.readsBack())
	m.tally.status.Kind = record.Kind()
	m.tally.follow(m.engine)
	c.steering = &steering{dir: state, engine: m.engine, lines: lines, tally: m.tally, record: record}
	return m, c.steering.begin()
}

// record is what this run was asked for. What was changed of an earlier run of the same
// holds, unless this one says otherwise.
func (c *copier) record(before steer.Record, state string) steer.Record {
	r := c.asked
	r.ID = steer.Home("").ID(state)
	r.Source, r.Destination = c.from.typed, c.to.typed
	src, srcOptions := c.from.reopen(r.Command[1], c.srcOptions)
	dst, dstOptions := c.to.reopen(r.Command[2], c.dstOptions)
	r.Command = []string{r.Command[0], src, dst}
	for name, options := range map[string][]string{"src-option": srcOptions, "dst-option": dstOptions} {
		if delete(r.Flags, name); len(options) > 0 {
			r.Flags[name] = options
		}
	}
	change, _ := c.pressing.change(time.Now()) // checked before
	r.Settings = before.Settings.With(change)
	r.Settings.Paused = false
	return r
}

// open lets other processes steer the copy until the returned function is called.
func (m *mover) open(state string) (shut func()) {
	l, err := steer.Listen(state)
	if err != nil {
		m.display.note("warning: gantry transfer cannot steer this copy: " + err.Error())
		return func() {}
	}
	served, stop := make(chan error, 1), make(chan struct{})
	var notes sync.WaitGroup
	notes.Go(func() { m.steering.keepNote(stop) })
	go func() { served <- steer.Serve(l, m.steering) }()
	return func() { _ = l.Close(); close(stop); notes.Wait(); <-served } // what it has left behind is replaced the next time
}

// tidy aborts uploads that were given up and could not be aborted then: once all is
// copied, nobody knows of them any more.
func (m *mover) tidy(ctx context.Context) {
	err := m.engine.Tidy(ctx, func(string) (connectors.Sink, error) { return m.to.Place, nil })
	if err != nil && ctx.Err() == nil {
		m.app.logger().Warn("uploads that were given up are left at the destination: gantry sweep removes them", "error", err)
	}
}

// A mover moves the files of one copy.
type mover struct {
	*copier
	journal *journal.Journal
	engine  *transfer.Engine
	tally   *tally
	began   time.Time
	there   holdings
	packed  packedCopies
}

func (m *mover) move(ctx context.Context, p pair) result {
	r := result{Source: p.Source, Destination: p.Destination, Size: p.Size, began: time.Now()}
	if err := context.Cause(ctx); err != nil {
		return r.failed(err)
	}
	id := copyID(p.Source, p.Destination)
	record, err := m.journal.Record(id)
	if err != nil {
		return r.failed(err)
	}
	pack, err := m.packing.pack(p.Source)
	if err != nil {
		return r.failed(err)
	}
	if pack != nil && record.Job == nil && record.Receipt == nil {
		if err := m.packedBefore(ctx, id, p); err != nil {
			return r.failed(err)
		}
	}
	present := false
	if record.Job == nil && record.Receipt == nil && pack == nil && !m.growth.on && m.there.mayHold(p) {
		if receipt := m.compare(ctx, p); receipt != nil {
			if m.copier.move == transfer.Keep {
				r = r.done(outcomePresent, *receipt)
				r.compared = true
				return r
			}
			present = true
			if err := m.journal.Finish(id, receipt); err != nil { // for the engine, which deletes on a receipt
				return r.failed(err)
			}
		}
	}
	m.tally.sent(p)
	expect, err := m.expected(p)
	if err != nil {
		return r.failed(err)
	}
	job := transfer.Job{
		ID: id, Kind: "copy",
		Source:       transfer.Source{Place: m.from.Place, Location: m.from.label(), Path: p.Source, Seen: p.seen, Profile: m.from.location.Profile},
		Destinations: []transfer.Destination{m.destination(p.Destination)},
		Digests:      m.algorithms(),
		Expect:       expect,
		Pack:         pack,
		Move:         m.copier.move,
	}
	m.growth.follow(m.copier, &job)
	if job, err = m.steering.admit(ctx, job); err != nil {
		return r.failed(err)
	}
	defer m.steering.ended(id)
	job.Progress = func(p transfer.Progress) { r.left = p }
	if m.copier.move == transfer.Keep {
		job.Recorded = func(receipt []byte) { r.recorded = receipt }
	}
	receipt, err := m.engine.Run(ctx, job)
	if connectors.KindOf(err) == connectors.KindChanged && job.Growth == nil { // since it was listed, perhaps: what it is now is copied
		m.display.note("warning: " + err.Error() + "; it is copied anew")
		job.Source.Seen, r.SentBytes = nil, r.left.Wire
		if receipt, err = m.engine.Run(ctx, job); err == nil {
			r.SentBytes = 0 // the receipt has it
		}
	}
	switch {
	case err != nil:
		r.SentBytes += r.left.Wire
		return r.failed(err)
	case present, receipt.Finished.Before(m.began):
		return r.done(outcomePresent, receipt)
	case receipt.Copies[0].Proof == transfer.ProofRenamed:
		return r.done(outcomeRenamed, receipt)
	case receipt.Copies[0].Resumed > 0:
		return r.done(outcomeResumed, receipt)
	}
	return r.done(outcomeCopied, receipt)
}

// readsBack tells whether copies are proved by being read.
func (c *copier) readsBack() bool {
	return transfer.PlanProof(c.destination("any"), transfer.VerifyStrongest, c.algorithms()...).Proof == transfer.ProofReadback
}
