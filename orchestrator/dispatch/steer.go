package dispatch

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"gantry/connectors"
	"gantry/connectors/wrap/throttle"
	"gantry/orchestrator/catalog"
	"gantry/orchestrator/flow"
	"gantry/transfer"
	"gantry/transfer/agent/wire"
	"gantry/transfer/schedule"
)

// A Change is what somebody wants of a transfer. Fields that are nil stay as they are.
type Change struct {
	Paused    *bool               `json:"paused,omitempty"`
	Priority  *schedule.Priority  `json:"priority,omitempty"`
	Deadline  *time.Time          `json:"deadline,omitempty"` // zero takes it away
	Bandwidth *throttle.Timetable `json:"bandwidth,omitempty"`
	Finished  *bool               `json:"finished,omitempty"` // a file that is sent while it grows is complete as it is
}

// EventSteered is the type of the event that somebody has changed a transfer. Agents
// that wait for news wake up by it.
const EventSteered = "gantry.transfer.steered"

// Steer changes a transfer that has not ended. Its agent does it at once.
func (d *Desk) Steer(ctx context.Context, id string, c Change) (catalog.Transfer, error) {
	return d.steer(ctx, id, "changed", c, func(ctx context.Context, tx catalog.Tx, t *catalog.Transfer) error {
		if t.Ended() {
			return over(*t, "change")
		}
		if c.Finished != nil && *c.Finished && !grows(*t) {
			return fmt.Errorf("%w: nothing of transfer %s is sent while it grows: there is nothing to finish", catalog.ErrConflict, t.ID)
		}
		return c.put(t)
	})
}

// grows tells whether a file is under way that is still written, as far as its agent has
// told.
func grows(t catalog.Transfer) bool {
	var m wire.Moving
	return len(t.Progress) > 0 && json.Unmarshal(t.Progress, &m) == nil &&
		slices.ContainsFunc(m.Running, func(p transfer.Progress) bool { return p.Growing })
}

// put changes what is in force, and keeps what was changed by people.
func (c Change) put(t *catalog.Transfer) (err error) {
	var all Change
	if len(t.Wanted) > 0 {
		if err := json.Unmarshal(t.Wanted, &all); err != nil {
			return fmt.Errorf("read what was changed of transfer %s: %w", t.ID, err)
		}
	}
	if c.Paused != nil {
		all.Paused, t.Paused = c.Paused, *c.Paused
	}
	if c.Priority != nil {
		all.Priority, t.Priority = c.Priority, *c.Priority
	}
	if c.Deadline != nil {
		all.Deadline, t.Deadline = c.Deadline, c.Deadline.UTC()
	}
	if c.Bandwidth != nil {
		all.Bandwidth, t.Bandwidth = c.Bandwidth, bandwidth(*c.Bandwidth)
	}
	if c.Finished != nil {
		all.Finished = c.Finished
	}
	t.Wanted, err = json.Marshal(all)
	return err
}

// bandwidth is a timetable as text; "" if it limits nothing.
func bandwidth(t throttle.Timetable) string {
	if t.Unlimited() {
		return ""
	}
	return t.String()
}

// Cancel gives a transfer up. The step of the workflow that waits for it fails; its
// agent aborts what it has under way.
func (d *Desk) Cancel(ctx context.Context, id string) (catalog.Transfer, error) {
	const reason = "cancelled by an operator"
	return d.steer(ctx, id, "cancelled", nil, func(ctx context.Context, tx catalog.Tx, t *catalog.Transfer) error {
		if t.Ended() {
			return over(*t, "cancel")
		}
		t.Status, t.Error, t.EndedAt, t.NotBefore = catalog.TransferCancelled, reason, d.Now().UTC(), time.Time{}
		t.Stop()
		if t.Kind == catalog.TransferIngest {
			return nil
		}
		if err := d.Books.Fail(ctx, tx, *t, reason); err != nil {
			return err
		}
		return d.Runs.Resolve(ctx, tx, t.RunID, t.Key, nil, &flow.Error{
			Type: flow.TypeCommunication, Status: 499, Title: "the " + t.Kind + " was cancelled", Detail: "transfer " + t.ID + " was cancelled by an operator",
		})
	})
}

// Retry has a transfer tried again: one that waits for its next try at once, one that has
// failed or was cancelled anew. The step of the workflow that a failed one belonged to
// has failed with it, and stays so.
func (d *Desk) Retry(ctx context.Context, id string) (catalog.Transfer, error) {
	return d.steer(ctx, id, "retried", nil, func(ctx context.Context, tx catalog.Tx, t *catalog.Transfer) error {
		t.Attempt++
		switch {
		case t.Status == catalog.TransferDone:
			return over(*t, "retry")
		case !t.Ended():
			t.NotBefore = time.Time{}
			return nil
		case t.Kind == catalog.TransferIngest:
			t.Status = catalog.TransferMoving
		default:
			if err := d.Books.Again(ctx, tx, *t); err != nil {
				return err
			}
			t.Status, t.NotBefore, t.LeaseUntil, t.Done, t.Agent = catalog.TransferQueued, time.Time{}, time.Time{}, 0, ""
		}
		t.Error, t.EndedAt, t.Paused = "", time.Time{}, false
		return Change{Paused: &t.Paused}.put(t)
	})
}

func over(t catalog.Transfer, what string) error {
	return fmt.Errorf("%w: transfer %s is %s: there is nothing to %s", catalog.ErrConflict, t.ID, t.Status, what)
}

// steer changes a transfer, and tells of it.
func (d *Desk) steer(ctx context.Context, id, what string, detail any, fn func(context.Context, catalog.Tx, *catalog.Transfer) error) (t catalog.Transfer, err error) {
	err = d.Store.Write(ctx, func(ctx context.Context, tx catalog.Tx) error {
		t, err = tx.UpdateTransfer(ctx, id, func(t *catalog.Transfer) error { return fn(ctx, tx, t) })
		if err != nil {
			return err
		}
		data, err := json.Marshal(map[string]any{"transfer": t.ID, "kind": t.Kind, "what": what, "change": detail, "asset": t.AssetID, "run": t.RunID})
		if err != nil {
			return err
		}
		now := d.Now().UTC()
		_, _, err = tx.AppendEvent(ctx, catalog.Event{
			ID: catalog.NewID(catalog.PrefixEvent, now), Type: EventSteered, Source: "/hub", Subject: t.ID, Time: now, Data: data,
		})
		return err
	})
	return t, err
}

// cancelledFor is how long an agent is told that something was cancelled.
const cancelledFor = 24 * time.Hour

// Controls tells an agent what people want of its work, once that is another version
// than the one that it has, or when it has waited for long enough.
func (d *Desk) Controls(ctx context.Context, agent, site, after string, wait time.Duration) (wire.Controls, error) {
	if err := introduced(agent, site); err != nil {
		return wire.Controls{}, err
	}
	d.Heard(agent, site)
	ctx, cancel := context.WithTimeout(ctx, min(wait, maxWait))
	defer cancel()
	for {
		news := d.Store.Watch()
		c, err := d.controls(context.WithoutCancel(ctx), agent)
		if err != nil || c.Version != after {
			return c, err
		}
		select {
		case <-ctx.Done():
			return c, nil
		case <-news:
		}
	}
}

func (d *Desk) controls(ctx context.Context, agent string) (c wire.Controls, err error) {
	c.Work = []wire.Control{}
	err = d.Store.Read(ctx, func(ctx context.Context, r catalog.Reader) error {
		rows, err := r.Controlled(ctx, agent, d.Now().Add(-cancelledFor))
		if err != nil {
			return err
		}
		for _, t := range rows {
			w, err := controlOf(t)
			if err == nil && w.Cancelled {
				w.Locations, err = d.named(ctx, r, t.ID)
			}
			if err != nil {
				return err
			}
			if w.Cancelled || w.Attempt > 0 || len(t.Wanted) > 0 {
				c.Work = append(c.Work, w)
			}
		}
		return nil
	})
	if err != nil {
		return c, err
	}
	data, err := json.Marshal(c.Work)
	sum := sha256.Sum256(data)
	c.Version = hex.EncodeToString(sum[:8])
	return c, err
}

// named gathers the locations that a cancelled order names, as far as there are any.
func (d *Desk) named(ctx context.Context, r catalog.Reader, id string) (map[string]connectors.Location, error) {
	t, err := r.Transfer(ctx, id)
	if err != nil {
		return nil, err
	}
	var o wire.Order
	if err := json.Unmarshal(t.Spec, &o); err != nil {
		return nil, fmt.Errorf("read transfer %s: %w", id, err)
	}
	locations, _ := d.locations(o) // what is missing cannot be reached either
	return locations, nil
}

func controlOf(t catalog.Transfer) (wire.Control, error) {
	w := wire.Control{Work: t.Key, Cancelled: t.Status == catalog.TransferCancelled, Attempt: t.Attempt}
	if len(t.Wanted) == 0 || w.Cancelled {
		return w, nil
	}
	var c Change
	if err := json.Unmarshal(t.Wanted, &c); err != nil {
		return w, fmt.Errorf("read what was changed of transfer %s: %w", t.ID, err)
	}
	w.Paused, w.Priority, w.Deadline, w.Bandwidth = c.Paused, c.Priority, c.Deadline, c.Bandwidth
	w.Finished = c.Finished != nil && *c.Finished
	return w, nil
}

// ordered puts what is in force of a transfer into its order.
func ordered(t catalog.Transfer, o *wire.Order) (err error) {
	o.Priority, o.Deadline = t.Priority, t.Deadline
	if o.Bandwidth, err = throttle.ParseTimetable(t.Bandwidth); err != nil {
		return connectors.Errorf(connectors.KindInvalid, "read transfer", t.ID, "its bandwidth: %w", err)
	}
	return nil
}
