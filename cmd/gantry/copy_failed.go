package main

import (
	"context"
	"errors"
	"iter"
	"strings"
	"time"

	"gantry/transfer/ledger"
	"gantry/transfer/steer"
)

// keepEnd keeps how a run ended of which nothing has arrived, with what a few of its files
// failed of. There is nothing to go on from.
func (c *copier) keepEnd(ctx context.Context, r *report, reason error) error {
	status := c.steering.tally.now()
	return c.app.keepFailed(ctx, status, reason, r.spool.few())
}

// keepUnbegun keeps that a run ended before it had begun, since an end of it could not be
// reached, say. What was typed wrong is told to who typed it, and not kept. It gives the
// reason.
func (c *copier) keepUnbegun(ctx context.Context, src, dst string, reason error) error {
	code := c.app.exitCode(ctx, reason)
	if c.dryRun || code == exitUsage || code == exitNotFound {
		return reason
	}
	at := *c
	var failed [2]error
	at.from, failed[0] = c.app.named(src, c.srcOptions...)
	at.to, failed[1] = c.app.named(dst, c.dstOptions...)
	if failed[0] != nil || failed[1] != nil {
		return reason // one of the two names was typed wrong
	}
	dir, err := statePath(copyID(at.from.address(at.from.path), at.to.address(at.to.path)))
	if err != nil {
		return errors.Join(reason, err)
	}
	record := at.record(steer.Record{}, dir)
	status := steer.Status{
		ID: record.ID, Kind: record.Kind(), Source: record.Source, Destination: record.Destination, Started: record.Asked, Settings: record.Settings,
	}
	if err := c.app.keepFailed(ctx, status, reason, ledger.Lines("")); err != nil {
		return errors.Join(reason, err)
	}
	return reason
}

// named is the spot of what was typed, of a place that is not opened.
func (a *app) named(typed string, options ...string) (*spot, error) {
	l, path, err := a.find(typed, options...)
	return &spot{location: l, typed: redacted(typed), path: path}, err
}

// keepFailed keeps a run that has failed, or was stopped, and does not go on.
func (a *app) keepFailed(ctx context.Context, s steer.Status, reason error, lines iter.Seq2[[]byte, error]) error {
	l, err := receipts()
	if err != nil {
		return err
	}
	s.State, s.Ended = steer.StateFailed, time.Now().UTC()
	if ctx.Err() != nil {
		s.State = steer.StateCancelled
	}
	s.Error, _, _ = strings.Cut(reason.Error(), "\n")
	return a.keepRun(l, s, lines, nil, 0)
}

// few gives the results of the first files that were come to.
func (s *spool) few() iter.Seq2[[]byte, error] {
	var list []spooled
	for _, w := range s.where {
		if w.size > 0 && len(list) < fewFiles {
			list = append(list, w)
		}
	}
	return s.read(list)
}
