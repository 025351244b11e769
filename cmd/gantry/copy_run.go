package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"gantry/connectors"
	"gantry/transfer"
	"gantry/transfer/journal"
)

// carryOut copies all files, several at once. A file that fails does not stop the
// others.
func (c *copier) carryOut(ctx context.Context, state string, pairs []pair) (*report, error) {
	j, err := journal.Recover(state, journal.Options{Logger: c.app.logger()})
	var other *journal.InUse
	if errors.As(err, &other) {
		return nil, fmt.Errorf("the same copy is under way in process %d: wait for it, or stop it", other.PID)
	}
	if err != nil {
		return nil, err
	}
	defer j.Close()
	began := time.Now()
	m := &mover{
		copier: c, journal: j, began: began,
		engine: transfer.New(transfer.Options{Journal: j, Scratch: filepath.Join(state, "scratch"), Parallel: c.parallel, PartSize: c.partBytes, Version: "gantry " + version, Logger: c.app.logger(), Now: time.Now}),
	}
	if m.there, err = c.holdings(ctx, pairs); err != nil {
		return nil, err
	}
	c.progress.start(pairs)
	results := make([]result, len(pairs))
	c.eachFile(pairs, func(i int) {
		results[i] = m.move(ctx, pairs[i])
		c.progress.end(pairs[i], results[i].err == nil)
	})
	m.tidy(ctx)
	c.progress.stop()
	return newReport(results, time.Since(began)), nil
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
	began   time.Time
	there   holdings
}

func (m *mover) move(ctx context.Context, p pair) result {
	r := result{Source: p.Source, Destination: p.Destination, Size: p.Size}
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
	if record.Job == nil && record.Receipt == nil && pack == nil && m.there.mayHold(p) {
		if receipt := m.compare(ctx, p); receipt != nil {
			return r.done(outcomePresent, *receipt)
		}
	}
	job := transfer.Job{
		ID:           id,
		Source:       transfer.Source{Place: m.from.Place, Location: m.from.label(), Path: p.Source, Seen: p.seen, Profile: m.from.location.Profile},
		Destinations: []transfer.Destination{m.destination(p.Destination)},
		Digests:      m.algorithms(),
		Pack:         pack,
		Progress:     func(s transfer.Progress) { m.progress.report(p, s.Phase, s.Done) },
	}
	receipt, err := m.engine.Run(ctx, job)
	if connectors.KindOf(err) == connectors.KindChanged { // since it was listed, perhaps: what it is now is copied
		job.Source.Seen = nil
		receipt, err = m.engine.Run(ctx, job)
	}
	switch {
	case err != nil:
		return r.failed(err)
	case receipt.Finished.Before(m.began):
		return r.done(outcomePresent, receipt)
	case receipt.Copies[0].Resumed > 0:
		return r.done(outcomeResumed, receipt)
	}
	return r.done(outcomeCopied, receipt)
}
