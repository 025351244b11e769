package agent

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"gantry/connectors"
	"gantry/connectors/local"
)

// slowPlace lets nothing be read until it is opened up.
type slowPlace struct {
	connectors.Place
	gate chan struct{}
}

func (p *slowPlace) Open(ctx context.Context, path string, offset, length int64) (io.ReadCloser, error) {
	select {
	case <-p.gate:
		return p.Place.Open(ctx, path, offset, length)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (v *venue) gate() chan struct{} {
	gate := make(chan struct{})
	v.options.Open = func(ctx context.Context, l connectors.Location) (connectors.Place, error) {
		place, err := local.Connector().Open(ctx, l)
		if l.Name == "store" {
			return &slowPlace{place, gate}, err
		}
		return place, err
	}
	return gate
}

func TestALeaseIsRenewedAndAFencedOrderStops(t *testing.T) {
	t.Parallel()
	v := newVenue(t)
	gate := v.gate()
	v.hub.lease = time.Second
	order, partner := v.delivery(t)
	a, _ := v.start()
	o := v.hub.order(order)
	v.hub.eventually("renewals without progress", func() bool { return o.renewals > 3 })
	v.hub.with(func() { o.Fence++ })
	eventually(t, "the order stops", func() bool { return len(a.Status().Moves) == 0 })
	if _, visible := files(t, partner)["job 7/clip.mxf"]; visible || o.result != nil {
		t.Errorf("a fenced order has result %+v", o.result)
	}

	v.hub.leaseAgain(o)
	v.hub.eventually("the new lease is renewed", func() bool { return o.reports[len(o.reports)-1].Fence == o.Fence })
	v.hub.leaseAgain(o) // while it runs: the hub has lost patience
	v.hub.eventually("the third lease", func() bool { return o.reports[len(o.reports)-1].Fence == o.Fence })
	close(gate)
	v.hub.eventually("one result", func() bool { return o.result != nil })
	if o.result.Failure != nil || o.result.Fence != o.Fence {
		t.Errorf("result %+v", o.result)
	}
}

func TestOrdersTakeNoMoreThanTheirShare(t *testing.T) {
	t.Parallel()
	v := newVenue(t)
	gate := v.gate()
	v.options.Orders = 2
	v.start()
	var all []*fakeOrder
	for i := range 5 {
		order, _ := v.delivery(t)
		order.ID, order.Key = fmt.Sprintf("o%d", i), fmt.Sprintf("k%d", i)
		all = append(all, v.hub.order(order))
	}
	v.hub.eventually("two are leased", func() bool { return len(v.hub.waiting) == 3 })
	close(gate)
	v.hub.eventually("all are done", func() bool {
		for _, o := range all {
			if o.result == nil || o.result.Failure != nil {
				return false
			}
		}
		return true
	})
}

func TestAResultWaitsForTheHub(t *testing.T) {
	t.Parallel()
	v := newVenue(t)
	gate := v.gate()
	v.hub.lease = 3 * time.Second // a third of it is the pause after a call in vain
	order, partner := v.delivery(t)
	v.start()
	o := v.hub.order(order)
	v.hub.eventually("the lease", func() bool { return len(v.hub.waiting) == 0 })
	v.hub.with(func() { v.hub.away = true })
	close(gate)
	eventually(t, "the work is done", func() bool {
		_, err := os.Stat(filepath.Join(partner, "job 7/ascmhl/ascmhl_chain.xml"))
		return err == nil
	})
	v.hub.with(func() { v.hub.away = false })
	v.hub.eventually("the result", func() bool { return o.result != nil })
}
