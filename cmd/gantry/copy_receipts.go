package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"sync"
	"time"

	"gantry/transfer"
	"gantry/transfer/journal"
	"gantry/transfer/ledger"
	"gantry/transfer/steer"
)

// receiptLimits are those of what is kept of commands that have ended.
var receiptLimits = ledger.Limits{Age: 365 * 24 * time.Hour, Bytes: 1 << 30}

// receipts is where they are kept.
func receipts() (ledger.Ledger, error) {
	dir, err := statePath("receipts")
	return ledger.Ledger(dir), err
}

func (c *copier) newReport(state string, files int) (*report, error) {
	s, err := newSpool(state, files)
	if err != nil {
		return nil, err
	}
	if c.receipts, err = openReceipts(c.receiptFile); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return &report{Files: files, spool: s, id: steer.Home("").ID(state)}, nil
}

// recount adds what earlier runs of the same copy have done and this one has not come
// across, as files whose source is deleted. The journal has their receipts.
func (m *mover) recount(r *report, pairs []pair) error {
	if !m.resumed && !r.cancelled {
		return nil
	}
	seen := make(map[string]bool, len(pairs))
	for i, p := range pairs {
		if r.spool.where[i].has {
			seen[copyID(p.Source, p.Destination)] = true
		}
	}
	for data, err := range m.journal.Receipts() {
		var receipt transfer.Receipt
		if err == nil {
			err = json.Unmarshal(data, &receipt)
		}
		if err != nil {
			return err
		}
		if !seen[receipt.Job] && len(receipt.Copies) > 0 {
			found := result{Source: receipt.Source.Path, Destination: receipt.Copies[0].Path}.done(outcomeCopied, receipt)
			found.Seconds = receipt.Finished.Sub(receipt.Started).Seconds()
			r.spool.add(found)
			m.receipts.add(found)
		}
	}
	return nil
}

// conclude keeps the receipts of a copy that is done, or was given up, and forgets the
// rest of it.
func (c *copier) conclude(m *memory, r *report) error {
	status := c.steering.tally.now()
	status.State, status.Ended = steer.StateDone, time.Now().UTC()
	if r.cancelled {
		status.State = steer.StateCancelled
	}
	if err := c.app.keepReceipts(m.dir, status, r.spool); err != nil {
		return fmt.Errorf("%w: all is copied; the same command tries to keep its receipts again", err)
	}
	if err := m.forget(); err != nil {
		return err
	}
	if err := c.app.expire(time.Now()); err != nil {
		c.app.logger().Warn("what is remembered of old transfers cannot be dropped now: a later command tries again", "error", err)
	}
	return nil
}

// keepReceipts keeps a run of the transfer of a folder. One that has found all to be
// there, as an earlier run has left it, adds nothing.
func (a *app) keepReceipts(dir string, status steer.Status, s *spool) error {
	l, err := receipts()
	if err != nil {
		return err
	}
	lines, some, err := s.kept(l, status.ID)
	if err != nil || !some && (status.State == steer.StateDone || len(s.before) > 0) {
		return err
	}
	return a.keepRun(l, status, lines, func(id string) error { return aboutToKeep(dir, id) }, s.at)
}

// keepRun keeps a run of about so many bytes, and drops what is too old or too much.
func (a *app) keepRun(l ledger.Ledger, status steer.Status, lines iter.Seq2[[]byte, error], about func(id string) error, bytes int64) error {
	status.Process, status.GoOn, status.Running, status.ETA = 0, "", nil, 0
	if _, err := l.Keep(status, lines, about); err != nil {
		return err
	}
	if err := l.Prune(time.Now(), receiptLimits, bytes); err != nil {
		a.logger().Warn("old receipts cannot be dropped now: a later command tries again", "error", err)
	}
	return nil
}

// leave writes down how a copy was left that goes on another time. Of one that has not
// begun only the end is kept: there is nothing to go on from.
func (c *copier) leave(ctx context.Context, m *memory, r *report, reason error) error {
	if c.blank && r.Files == r.Failed+r.Stopped {
		return errors.Join(c.keepEnd(ctx, r, reason), m.forget())
	}
	return c.steering.end(ctx, reason)
}

// untouched tells whether a journal knows of nothing.
func untouched(j *journal.Journal) bool {
	for range j.Jobs() {
		return false
	}
	for range j.Orphans() {
		return false
	}
	for range j.Receipts() {
		return false
	}
	return true
}

// A receiptFile is what --receipt names. One that was not asked for is nil, and takes
// nothing in. It is for use by many goroutines.
type receiptFile struct {
	mu   sync.Mutex
	file *os.File
	err  error
}

func openReceipts(name string) (*receiptFile, error) {
	if name == "" {
		return nil, nil
	}
	f, err := os.OpenFile(filepath.Clean(name), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, fmt.Errorf("write the receipts: %w", err)
	}
	return &receiptFile{file: f}, nil
}

// add writes the receipt of a file, if it has one.
func (f *receiptFile) add(r result) {
	if f == nil || r.Receipt == nil {
		return
	}
	line, err := json.Marshal(r.Receipt)
	f.mu.Lock()
	defer f.mu.Unlock()
	if err == nil {
		_, err = f.file.Write(append(line, '\n'))
	}
	if f.err == nil && err != nil {
		f.err = fmt.Errorf("write the receipts: %w", err)
	}
}

// Close tells of the first receipt that could not be written.
func (f *receiptFile) Close() error {
	if f == nil {
		return nil
	}
	return errors.Join(f.err, f.file.Sync(), f.file.Close())
}
