package dispatch

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"gantry/connectors"
	"gantry/orchestrator/catalog"
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
	query := catalog.LeaseQuery{Agent: q.Agent, Site: q.Site, Max: min(max(q.Max, 1), maxOrders), Room: q.Room, TTL: d.Lease}
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
	if err := ordered(t, &o); err != nil {
		return o, err
	}
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
	var moving json.RawMessage
	if p.Moving != nil {
		if moving, err = json.Marshal(p.Moving); err != nil {
			return until, err
		}
	}
	err = d.Store.Write(ctx, func(ctx context.Context, tx catalog.Tx) error {
		t, err := tx.RenewTransfer(ctx, catalog.Renewal{
			Holder: catalog.Holder{ID: id, Agent: p.Agent, Fence: p.Fence}, Now: d.Now(), TTL: d.Lease,
			Done: p.Done, Total: p.Total, Rate: p.Rate, Phase: p.Phase, Waiting: p.Waiting, Progress: moving,
		})
		until = t.LeaseUntil
		return err
	})
	return until, err
}
