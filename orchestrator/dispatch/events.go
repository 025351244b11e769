package dispatch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"gantry/orchestrator/catalog"
	"gantry/transfer/agent/wire"
)

// An Unusable event can never be taken in as it is: the agent sets it aside.
type Unusable struct{ Err error }

func (u *Unusable) Error() string { return u.Err.Error() }
func (u *Unusable) Unwrap() error { return u.Err }

// Take takes in a batch of events: all of it or nothing. Events that are known
// change nothing.
func (d *Desk) Take(ctx context.Context, batch wire.EventBatch) error {
	if err := introduced(batch.Agent, batch.Site); err != nil {
		return err
	}
	d.Heard(batch.Agent, batch.Site)
	return d.Store.Write(ctx, func(ctx context.Context, tx catalog.Tx) error {
		for _, e := range batch.Events {
			if err := d.take(ctx, tx, batch, e); err != nil {
				return fmt.Errorf("event %s: %w", e.ID, err)
			}
		}
		return nil
	})
}

func (d *Desk) take(ctx context.Context, tx catalog.Tx, batch wire.EventBatch, e wire.Event) error {
	if e.ID == "" || e.Type == "" {
		return &Unusable{errors.New("it has no id or no type")}
	}
	switch e.Type {
	case wire.EventArrived:
		var a wire.Arrival
		if err := json.Unmarshal(e.Data, &a); err != nil {
			return &Unusable{err}
		}
		if err := usable(a); err != nil {
			return &Unusable{err}
		}
		return d.arrived(ctx, tx, batch, e, a)
	case wire.EventFailed:
		var f wire.ArrivalFailure
		if err := json.Unmarshal(e.Data, &f); err != nil {
			return &Unusable{err}
		}
		if f.ID == "" {
			return &Unusable{errors.New("it names no arrival")}
		}
		return d.failed(ctx, tx, batch, e, f)
	}
	_, err := d.log(ctx, tx, e, "")
	return err
}

// log keeps the event for people and listeners. It tells whether it was not known.
func (d *Desk) log(ctx context.Context, tx catalog.Tx, e wire.Event, subject string) (bool, error) {
	_, isNew, err := tx.AppendEvent(ctx, catalog.Event{ID: e.ID, Type: e.Type, Source: e.Source, Subject: subject, Time: e.Time, Data: e.Data})
	return isNew, err
}
