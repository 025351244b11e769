package dispatch

import (
	"context"
	"encoding/json"
	"time"

	"gantry/connectors"
	"gantry/orchestrator/catalog"
	"gantry/orchestrator/flow"
	"gantry/transfer/agent/wire"
)

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
// out has lost its lease, and is told to abort what is under way.
func (d *Desk) Abandon(ctx context.Context, tx catalog.Tx, run, reason string) error {
	for {
		open, err := tx.Transfers(ctx, catalog.TransferFilter{RunID: run, Status: []string{catalog.TransferQueued, catalog.TransferLeased}})
		if err != nil || len(open) == 0 {
			return err
		}
		for _, t := range open {
			t, err := tx.UpdateTransfer(ctx, t.ID, func(t *catalog.Transfer) error {
				t.Status, t.Error, t.EndedAt = catalog.TransferCancelled, reason, d.Now().UTC()
				t.Stop()
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
