package dispatch

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"gantry/connectors"
	"gantry/orchestrator/catalog"
	"gantry/orchestrator/flow"
	"gantry/transfer/agent/wire"
)

// Bounds of what a request for work gets.
const (
	maxWait   = 30 * time.Second
	maxOrders = 16
)

// Orders leases work to an agent. With none to give it waits as long as the agent
// asked for.
func (d *Desk) Orders(ctx context.Context, q wire.LeaseRequest) ([]wire.Order, error) {
	if err := introduced(q.Agent, q.Site); err != nil {
		return nil, err
	}
	d.Heard(q.Agent, q.Site)
	wait := min(time.Duration(q.Wait*float64(time.Second)), maxWait)
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	for {
		news := d.Store.Watch()
		orders, err := d.lease(context.WithoutCancel(ctx), q)
		if err != nil || len(orders) > 0 {
			return orders, err
		}
		select {
		case <-ctx.Done():
			return []wire.Order{}, nil
		case <-news:
		case <-time.After(time.Second): // leases that ran out, delays that passed
		}
	}
}

// lease takes what is due. Looking costs SQLite no write: a transaction that changes
// nothing is not waited for by the disk.
func (d *Desk) lease(ctx context.Context, q wire.LeaseRequest) (orders []wire.Order, err error) {
	query := catalog.LeaseQuery{Agent: q.Agent, Site: q.Site, Max: min(max(q.Max, 1), maxOrders), TTL: d.Lease}
	err = d.Store.Write(ctx, func(ctx context.Context, tx catalog.Tx) error {
		query.Now = d.Now()
		leased, err := tx.LeaseTransfers(ctx, query)
		if err != nil {
			return err
		}
		for _, t := range leased {
			o, err := d.order(t)
			if err == nil {
				orders = append(orders, o)
				continue
			}
			failure := wire.Failure{Kind: string(connectors.KindOf(err)), Message: err.Error()}
			if err := d.setback(ctx, tx, catalog.Holder{ID: t.ID, Agent: t.Agent, Fence: t.Fence}, failure); err != nil {
				return err
			}
		}
		return nil
	})
	return orders, err
}

// order makes a leased transfer ready to be carried out.
func (d *Desk) order(t catalog.Transfer) (o wire.Order, err error) {
	if err := json.Unmarshal(t.Spec, &o); err != nil {
		return o, connectors.Errorf(connectors.KindInvalid, "read transfer", t.ID, "%w", err)
	}
	o.ID, o.Fence, o.LeaseUntil = t.ID, t.Fence, t.LeaseUntil
	o.Locations, err = d.locations(o)
	return o, err
}

// locations gathers what the order names, as it is now: a corrected location
// serves the next attempt, and one that was taken away is waited for.
func (d *Desk) locations(o wire.Order) (map[string]connectors.Location, error) {
	set := d.Resources.Current()
	named := map[string]connectors.Location{}
	var missing error
	add := func(name string) {
		l, ok := set.Locations[name]
		if !ok {
			missing = &connectors.Error{
				Kind: connectors.KindUnavailable, Op: "find location", Path: name, Err: errors.New("there is no such Location any more"),
				Remedy: "apply it again, or cancel the run",
			}
		}
		named[name] = l.Location
	}
	for _, f := range o.Files {
		add(f.Source.Location)
		for _, to := range f.Destinations {
			add(to.Location)
		}
	}
	for _, doc := range o.Documents {
		for _, to := range doc.Destinations {
			add(to.Location)
		}
	}
	if o.Manifest != nil {
		add(o.Manifest.Location)
	}
	return named, missing
}

// Renew lengthens a lease and notes the progress.
func (d *Desk) Renew(ctx context.Context, id string, p wire.ProgressReport) (until time.Time, err error) {
	err = d.Store.Write(ctx, func(ctx context.Context, tx catalog.Tx) error {
		t, err := tx.RenewTransfer(ctx, catalog.Renewal{
			Holder: catalog.Holder{ID: id, Agent: p.Agent, Fence: p.Fence}, Now: d.Now(), TTL: d.Lease,
			Done: p.Done, Total: p.Total, Rate: p.Rate, Phase: p.Phase,
		})
		until = t.LeaseUntil
		return err
	})
	return until, err
}

// End takes the result of an order. A failure that may pass, or that a person can
// mend, is tried again later; one that cannot fails the step.
func (d *Desk) End(ctx context.Context, id string, r wire.ResultReport) error {
	holder := catalog.Holder{ID: id, Agent: r.Agent, Fence: r.Fence}
	return d.Store.Write(ctx, func(ctx context.Context, tx catalog.Tx) error {
		if r.Failure != nil {
			return d.setback(ctx, tx, holder, *r.Failure)
		}
		receipts, err := json.Marshal(r.Receipts)
		if err != nil {
			return err
		}
		t, first, err := tx.FinishTransfer(ctx, catalog.Ending{Holder: holder, Receipts: receipts, At: d.Now()})
		if err != nil || !first {
			return err
		}
		output, err := d.Books.Finish(ctx, tx, t, r.Receipts)
		if err != nil {
			return err
		}
		return d.Runs.Resolve(ctx, tx, t.RunID, t.Key, output, nil)
	})
}

// Abandon ends all orders of a run that nobody waits for any more. Who carries one
// out has lost its lease.
func (d *Desk) Abandon(ctx context.Context, tx catalog.Tx, run, reason string) error {
	for {
		open, err := tx.Transfers(ctx, catalog.TransferFilter{RunID: run, Status: []string{catalog.TransferQueued, catalog.TransferLeased}})
		if err != nil || len(open) == 0 {
			return err
		}
		for _, t := range open {
			t, err := tx.UpdateTransfer(ctx, t.ID, func(t *catalog.Transfer) error {
				t.Status, t.Error, t.EndedAt, t.Rate = catalog.TransferFailed, reason, d.Now(), 0
				return nil
			})
			if err != nil {
				return err
			}
			if err := d.Books.Fail(ctx, tx, t, reason); err != nil {
				return err
			}
		}
	}
}

// setback puts an order off, or ends it where that would not help.
func (d *Desk) setback(ctx context.Context, tx catalog.Tx, holder catalog.Holder, f wire.Failure) error {
	before, err := tx.Transfer(ctx, holder.ID)
	if err != nil {
		return err
	}
	if !final(connectors.Kind(f.Kind), before.Fence) {
		_, err = tx.RequeueTransfer(ctx, holder, f.Message, d.Now().Add(delay(before.Fence)))
		return err
	}
	t, first, err := tx.FinishTransfer(ctx, catalog.Ending{Holder: holder, Error: f.Message, At: d.Now()})
	if err != nil || !first {
		return err
	}
	if err := d.Books.Fail(ctx, tx, t, f.Message); err != nil {
		return err
	}
	return d.Runs.Resolve(ctx, tx, t.RunID, t.Key, nil, &flow.Error{
		Type: flow.TypeCommunication, Status: 500, Title: "the " + t.Kind + " failed", Detail: f.Message,
	})
}

// final tells whether neither time nor a person at the other end can mend it. What
// is not found may lie on a volume that is away for a moment.
func final(kind connectors.Kind, leases int64) bool {
	switch kind {
	case connectors.KindInvalid, connectors.KindUnsupported, connectors.KindIntegrity, connectors.KindChanged, connectors.KindExists:
		return true
	case connectors.KindNotFound:
		return leases >= 5
	}
	return false
}

// delay grows with the number of leases that there were: 2 s, 4 s, … 5 min.
func delay(leases int64) time.Duration {
	return min(time.Second<<min(max(leases, 1), 10), 5*time.Minute)
}
