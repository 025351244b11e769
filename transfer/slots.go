package transfer

import (
	"context"
	"errors"
	"fmt"

	"gantry/connectors"
	"gantry/transfer/schedule"
)

// mostParallel is how many parts of one file are on their way to one destination, if
// nobody has said less: how many of them have slots is the scheduler's to find out.
const mostParallel = 16

func (e *Engine) parallel() int {
	if e.o.Parallel > 0 {
		return e.o.Parallel
	}
	return mostParallel
}

// queue puts the job into the scheduler's line.
func (e *Engine) queue(j Job) *schedule.Ticket {
	return e.o.Scheduler.Enter(schedule.Work{Job: j.ID, Site: j.Site, Route: j.Route, Priority: j.Priority, Deadline: j.Deadline})
}

// flow opens what the run moves to or from a place. A run without a ticket, which has
// nobody to share with, moves as it likes.
func (r *run) flow(place any, location string, way schedule.Direction) *schedule.Flow {
	if r.ticket == nil {
		return nil
	}
	return r.ticket.Flow(r.endpoint(place, location, way))
}

// endpoint is how the scheduler knows a place of this run.
func (r *run) endpoint(place any, location string, way schedule.Direction) schedule.Endpoint {
	e := endpoint(place, location, way)
	if way == schedule.Write && e.Near { // from disk to disk it is what a limit is meant for
		_, fromDisk := connectors.As[connectors.OnDisk](r.job.Source.Place)
		e.Near = !fromDisk
	}
	return e
}

// endpoint is how the scheduler knows a place: by the location's name. What is staged
// has this machine's disk for a place.
func endpoint(place any, location string, way schedule.Direction) schedule.Endpoint {
	e := schedule.Endpoint{Name: location, Direction: way}
	switch p := place.(type) {
	case *depot, *packer:
		e.Name = "the scratch folder"
	case *inMemory:
		e.Name = "memory"
	case interface{ Traits() connectors.Traits }:
		t := p.Traits()
		e.Start = t.Start
		e.Most, e.Whole = t.Concurrency, t.Streamed && way == schedule.Write
		_, e.Near = connectors.As[connectors.OnDisk](place)
	}
	if e.Name == "" {
		e.Name = fmt.Sprintf("%T", place)
	}
	return e
}

// movement opens the flow of whole files to or from a depot's place.
func (r *run) movement(d *depot, way schedule.Direction) *schedule.Flow {
	if r.ticket == nil {
		return nil
	}
	return r.ticket.Flow(schedule.Endpoint{Name: d.from, Direction: way, Most: d.Traits().Concurrency, Whole: true})
}

// inSlot calls move in a slot of the flow, which may be nil. Its error is what the
// scheduler is told.
func inSlot(ctx context.Context, f *schedule.Flow, bytes int64, move func(context.Context, *schedule.Slot) error) error {
	if f == nil {
		return move(ctx, nil)
	}
	slot, err := f.Acquire(ctx, bytes)
	if err != nil {
		return err
	}
	err = move(slot.Context(), slot)
	slot.Release(err)
	return err
}

// inPatience is inSlot for what holds no memory: it waits while the job is held.
func inPatience(ctx context.Context, f *schedule.Flow, bytes int64, move func(context.Context, *schedule.Slot) error) error {
	for {
		moved := false
		err := inSlot(ctx, f, bytes, func(ctx context.Context, s *schedule.Slot) error {
			moved = true
			return move(ctx, s)
		})
		if moved || !errors.Is(err, schedule.ErrHeld) {
			return err
		}
		if err := f.Ready(ctx); err != nil {
			return err
		}
	}
}

// ready waits while the flow, which may be nil, is held.
func ready(ctx context.Context, f *schedule.Flow) error {
	if f == nil {
		return nil
	}
	return f.Ready(ctx)
}

// somebody waits while all deliveries that take part in the reading are held, or have
// to wait for long.
func (r *run) somebody(ctx context.Context) error {
	var held []func(context.Context) error
	for _, d := range r.deliveries {
		over := d.resting()
		switch {
		case isClosed(d.left):
		case over != nil:
			held = append(held, func(ctx context.Context) error { return d.rested(ctx, over) })
		case d.writes == nil || !d.writes.Held():
			return nil
		default:
			held = append(held, d.writes.Ready)
		}
	}
	return first(ctx, held)
}

// rested waits for the end of a recess.
func (d *delivery) rested(ctx context.Context, over <-chan struct{}) error {
	select {
	case <-over:
		return nil
	case <-d.left:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// first waits for one to be ready.
func first(ctx context.Context, waits []func(context.Context) error) error {
	if len(waits) == 0 {
		return nil
	}
	waiting, stop := context.WithCancel(ctx)
	defer stop()
	ready := make(chan error, len(waits))
	for _, wait := range waits {
		go func() { ready <- wait(waiting) }()
	}
	return <-ready
}

// taken tells whether a part was stopped by a pause or by the scheduler: it is moved
// again, and nothing is wrong.
func taken(err error) bool {
	return errors.Is(err, schedule.ErrPreempted) || errors.Is(err, schedule.ErrHeld) || errors.Is(err, errPaused)
}
