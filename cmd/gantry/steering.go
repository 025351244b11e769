package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"gantry/connectors"
	"gantry/connectors/wrap/throttle"
	"gantry/transfer"
	"gantry/transfer/schedule"
	"gantry/transfer/steer"
)

// A steering is the grip that other processes have on a copy of this one. It implements
// steer.Steered.
type steering struct {
	dir    string
	engine *transfer.Engine
	lines  *schedule.Scheduler
	tally  *tally
	ctx    context.Context //nolint:containedctx // the copy's
	cancel context.CancelCauseFunc

	mu      sync.Mutex
	record  steer.Record
	jobs    map[string]bool // under way
	changed chan struct{}   // closed when the settings change
}

// scope is what the bandwidth of the whole copy is limited by.
const scope = "this copy"

func (s *steering) begin() error {
	s.jobs, s.changed = map[string]bool{}, make(chan struct{})
	s.lines.Limit(schedule.OfSite(scope), s.record.Settings.Bandwidth)
	s.tally.steered(s.record.Settings)
	return s.note()
}

// note writes down how far the copy is, for who finds it killed.
func (s *steering) note() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	status := s.tally.now()
	s.record.Stands(status)
	return s.record.Write(s.dir)
}

// noteEvery is how far what was written down may be behind.
const noteEvery = time.Second

// keepNote writes it down now and then, until stop is closed.
func (s *steering) keepNote(stop <-chan struct{}) {
	tick := time.NewTicker(noteEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			_ = s.note() // the next one may succeed, and it is for people only
		case <-stop:
			return
		}
	}
}

// admit waits while the copy is paused, and gives a job its settings.
func (s *steering) admit(ctx context.Context, j transfer.Job) (transfer.Job, error) {
	for {
		s.mu.Lock()
		now, changed := s.record.Settings, s.changed
		if !now.Paused {
			s.jobs[j.ID] = true
			j.Site, j.Priority, j.Deadline = scope, now.Priority, now.Deadline
			err := s.engine.Unchange(j.ID) // of an earlier run
			s.mu.Unlock()
			return j, err
		}
		s.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return j, context.Cause(ctx)
		}
	}
}

// ended takes a job off what changes are for.
func (s *steering) ended(job string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.jobs, job)
}

// Status implements steer.Steered.
func (s *steering) Status() steer.Status { return s.tally.now() }

// Change implements steer.Steered.
func (s *steering) Change(c steer.Change) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.record.Settings = s.record.Settings.With(c)
	close(s.changed)
	s.changed = make(chan struct{})
	s.tally.steered(s.record.Settings)
	if c.Bandwidth != nil {
		s.lines.Limit(schedule.OfSite(scope), *c.Bandwidth)
	}
	errs := []error{s.record.Write(s.dir)}
	for job := range s.jobs {
		errs = append(errs, s.engine.Change(job, transfer.Change{Paused: c.Paused, Priority: c.Priority, Deadline: c.Deadline}))
	}
	s.tally.look(time.Now())
	return errors.Join(errs...)
}

// Cancel implements steer.Steered.
func (s *steering) Cancel() error {
	s.cancel(transfer.ErrGivenUp)
	return nil
}

// gone tells whether the copy was told to end.
func (s *steering) gone() bool { return s.ctx.Err() != nil }

// Finish implements steer.Steered.
func (s *steering) Finish(path string) error {
	grown := false
	for _, p := range s.engine.Running() {
		if path == "" || p.Source == path {
			grown = s.engine.Finish(p.Job) == nil || grown
		}
	}
	if !grown {
		return &connectors.Error{
			Kind: connectors.KindNotFound, Op: "finish", Path: cmp.Or(path, s.record.ID), Err: errors.New("nothing of it is sent while it grows"),
			Remedy: "gantry transfer show tells what is under way; only gantry copy --growing and routes with growing follow files",
		}
	}
	return nil
}

// end writes down how the copy was left, for who goes on with it.
func (s *steering) end(ctx context.Context, reason error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	status := s.tally.now()
	s.record.Ended, s.record.Reason = time.Now().UTC(), steer.ReasonStopped
	if ctx.Err() == nil && reason != nil {
		s.record.Reason, _, _ = strings.Cut(reason.Error(), "\n")
	}
	s.record.Settings.Paused = false // who starts it again means it to go on
	s.record.Stands(status)
	return s.record.Write(s.dir)
}

// giveUp aborts what is under way and forgets the copy. What was copied stays.
func (m *mover) giveUp(ctx context.Context) error {
	for job, err := range m.journal.Jobs() {
		if err != nil {
			return err
		}
		record, err := m.journal.Record(job.ID)
		if err != nil {
			return err
		}
		var to []transfer.Destination
		for target := range record.Uploads {
			to = append(to, transfer.Destination{Place: m.to.Place, Location: target.Location, Path: target.Path})
		}
		if err := m.engine.Abandon(ctx, job.ID, to); err != nil {
			return err
		}
	}
	return m.engine.Tidy(ctx, func(string) (connectors.Sink, error) { return m.to.Place, nil })
}

// A pressing is how a copy is to be scheduled, as the flags say.
type pressing struct {
	priority, deadline, bandwidth string
}

func (p *pressing) flags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&p.priority, "priority", "", "who goes first: "+strings.Join(schedule.Priorities(), ", ")+" (default normal)")
	flags.StringVar(&p.deadline, "deadline", "", "when it must be done, as the air date: 20:15, \"2026-05-01 20:15\", 90m; it raises the priority in time")
	flags.StringVar(&p.bandwidth, "bwlimit", "", "most bytes a second of all files together, by the clock if you like: 10M, 10M:1M (up and down), \"08:00,10M 19:00,off\"")
	_ = cmd.RegisterFlagCompletionFunc("priority", cobra.FixedCompletions(schedule.Priorities(), cobra.ShellCompDirectiveNoFileComp))
}

// change reads what was typed. Flags that were not given change nothing.
func (p pressing) change(now time.Time) (c steer.Change, err error) {
	if p.priority != "" {
		priority, err := schedule.ParsePriority(p.priority)
		if err != nil {
			return c, coded(exitUsage, err)
		}
		c.Priority = &priority
	}
	if p.deadline != "" {
		at, err := parseDeadline(p.deadline, now)
		if err != nil {
			return c, coded(exitUsage, err)
		}
		c.Deadline = &at
	}
	if p.bandwidth != "" {
		table, err := throttle.ParseTimetable(p.bandwidth)
		var wrong *connectors.Error
		if errors.As(err, &wrong) {
			err = fmt.Errorf("bwlimit: %w (%s)", wrong.Err, wrong.Remedy)
		}
		if err != nil {
			return c, coded(exitUsage, err)
		}
		c.Bandwidth = &table
	}
	return c, nil
}
