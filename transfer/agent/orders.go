package agent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"gantry/connectors"
	"gantry/transfer"
	"gantry/transfer/agent/wire"
	"gantry/transfer/schedule"
)

// errFenced ends an order whose lease is lost: somebody else has it now, or nobody wants it any more.
var errFenced = errors.New("the lease is lost")

// orders leases work from the hub and carries it out, several orders at once.
type orders struct {
	hub     *hub
	perform func(ctx context.Context, o wire.Order, report func(transferred)) ([]transfer.Receipt, error)
	crew    *crew
	wait    time.Duration // that the hub holds a request for work
	gap     time.Duration // between two progress reports
	pauses  func() *pauses
	wrong   func(error)
	log     *slog.Logger

	mu      sync.Mutex
	running map[string]*leased // by idempotency key
	freed   bell
	back    bell // the hub is there again
	group   sync.WaitGroup
}

// leased is an order under way.
type leased struct {
	order wire.Order
	stop  context.CancelCauseFunc
	ended chan struct{}
}

// run ends with ctx, when all orders have stopped.
func (o *orders) run(ctx context.Context) {
	defer o.group.Wait()
	pauses := o.pauses()
	for ctx.Err() == nil {
		room, wait := o.crew.room(), o.wait
		switch {
		case room[schedule.Urgent] == 0:
			rest(ctx, time.Minute, o.freed)
			continue
		case room[schedule.Bulk] == 0:
			wait = min(wait, crowded) // there may be room for more of it soon
		}
		asked := o.hub.now()
		found, good, err := o.hub.lease(ctx, room, wait)
		switch {
		case err != nil:
			rest(ctx, pauses.next(), o.back)
			continue
		case len(found) == 0 && o.hub.now().Sub(asked) < wait/2:
			rest(ctx, o.gap, nil) // a hub that does not hold the request is not to be flooded
		}
		pauses.reset()
		for i, order := range found {
			o.start(ctx, order, good[i])
		}
	}
}

// crowded is how long a request for work is held while there is room for urgent work only.
const crowded = time.Second

// start takes an order on. If the same work is under way on an older lease, that run ends first; what it has done
// counts for the new one.
func (o *orders) start(ctx context.Context, order wire.Order, good time.Duration) {
	if order.Key == "" {
		order.Key = order.ID
	}
	ctx, stop := context.WithCancelCause(ctx)
	l := &leased{order: order, stop: stop, ended: make(chan struct{})}
	o.mu.Lock()
	older := o.running[order.Key]
	o.running[order.Key] = l
	o.mu.Unlock()
	o.crew.join(order.Key, order.Priority)
	o.group.Go(func() {
		defer o.finish(l)
		if older != nil {
			older.stop(errFenced)
			<-older.ended
		}
		o.carryOut(ctx, l, good)
	})
}

func (o *orders) finish(l *leased) {
	l.stop(nil)
	o.mu.Lock()
	if o.running[l.order.Key] == l {
		delete(o.running, l.order.Key)
		o.crew.leave(l.order.Key)
	}
	o.mu.Unlock()
	close(l.ended)
	o.freed.ring()
}

func (o *orders) carryOut(ctx context.Context, l *leased, good time.Duration) {
	log := o.log.With("order", l.order.ID, "kind", l.order.Kind)
	news := newNews()
	renewing := make(chan struct{})
	working, done := context.WithCancel(ctx)
	go func() {
		defer close(renewing)
		o.renew(working, l, good, news)
	}()
	receipts, err := o.perform(ctx, l.order, news.put)
	done()
	<-renewing
	switch {
	case errors.Is(context.Cause(ctx), transfer.ErrGivenUp):
		log.Info("order cancelled")
		return
	case context.Cause(ctx) == errFenced: //nolint:errorlint // set by this file, never wrapped
		log.Warn("order stopped: its lease is lost")
		return
	case ctx.Err() != nil:
		return
	}
	report := wire.ResultReport{Agent: o.hub.agent, Fence: l.order.Fence, Receipts: receipts}
	if err != nil {
		log.Warn("order failed", "error", err)
		o.wrong(err)
		report.Receipts = nil
		report.Failure = &wire.Failure{Kind: string(connectors.KindOf(err)), Message: oneLine(err.Error()), Retryable: connectors.Retryable(err)}
	}
	o.report(ctx, l.order.ID, report, log)
}

// cancel gives an order up that nobody wants any more: what it has under way is aborted. It tells whether it was under way.
func (o *orders) cancel(key string) bool {
	o.mu.Lock()
	l := o.running[key]
	o.mu.Unlock()
	if l != nil {
		l.stop(transfer.ErrGivenUp)
	}
	return l != nil
}

// report tells the result until the hub has taken it, or will not. It is not kept over a restart: the order is then
// leased again, and the engine's receipts make it cheap.
func (o *orders) report(ctx context.Context, id string, r wire.ResultReport, log *slog.Logger) {
	pauses := o.pauses()
	for {
		err := o.hub.result(ctx, id, r)
		switch {
		case err == nil:
			return
		case lost(err):
			log.Warn("the hub does not want the result any more", "error", err)
			return
		case refusesForm(err) && r.Failure == nil:
			log.Error("the hub refuses the form of a result", "error", err)
			r.Receipts = nil
			r.Failure = &wire.Failure{Kind: string(connectors.KindInvalid), Message: fmt.Sprintf("the hub refuses the receipts: %v", err)}
			continue
		case refusesForm(err):
			log.Error("the hub refuses the form of a failure: the order runs out with its lease", "error", err)
			return
		}
		if !rest(ctx, pauses.next(), nil) {
			return
		}
	}
}

// renew reports progress when there is some, and in any case after a third of the lease.
func (o *orders) renew(ctx context.Context, l *leased, good time.Duration, news *news) {
	pauses := o.pauses()
	next := interval(good)
	for {
		if !rest(ctx, o.gap, nil) || !rest(ctx, max(next-o.gap, 0), news.bell) {
			return
		}
		renewed, err := o.hub.renew(ctx, l.order.ID, news.report(o.hub.agent, l.order.Fence))
		switch {
		case err == nil:
			pauses.reset()
			next = interval(renewed)
		case lost(err):
			l.stop(errFenced)
			return
		default:
			next = min(next, pauses.next())
		}
	}
}

// interval is a third of a lease, within reason.
func interval(good time.Duration) time.Duration {
	return min(max(good/3, 100*time.Millisecond), 30*time.Second)
}

func lost(err error) bool {
	return isStatus(err, http.StatusConflict, http.StatusNotFound, http.StatusGone)
}
