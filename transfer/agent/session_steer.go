package agent

import (
	"context"
	"sync"

	"gantry/connectors"
	"gantry/connectors/wrap/throttle"
	"gantry/transfer/agent/wire"
	"gantry/transfer/schedule"
)

func (s *session) newControls() *controls {
	return &controls{
		hub: s.hub, wait: s.o.Wait, pauses: s.pauses, back: s.hub.link.bell(), engine: s.moves.engine, limit: s.limits.put,
		cancel: s.cancel, again: func(work string) { s.arrivals.again(work) },
		news: func() {
			s.arrivals.changed()
			s.orders.freed.ring()
		},
		log: s.log,
	}
}

// cancel gives up work that nobody wants any more, whether it runs or waits, or an earlier process has left it.
func (s *session) cancel(ctx context.Context, w wire.Control) {
	switch {
	case isArrival(w.Work):
		s.arrivals.cancel(ctx, w.Work)
	case !s.orders.cancel(w.Work):
		if err := s.abandonOrder(ctx, w); err != nil {
			s.wrong(err)
		}
	}
}

func (s *session) abandonOrder(ctx context.Context, w wire.Control) error {
	var backs []func(error)
	defer func() {
		for _, back := range backs {
			back(nil)
		}
	}()
	return abandonAll(ctx, s.keep.j, s.moves.engine, w.Work, func(location string) (connectors.Place, error) {
		l, err := locate(w.Locations, location)
		if err != nil {
			return nil, err
		}
		place, back, err := s.places.borrow(ctx, l)
		if err == nil {
			backs = append(backs, back)
		}
		return place, err
	})
}

// enforce puts a configuration into force.
func (s *session) enforce(c wire.Config) {
	scopes := map[schedule.Scope]throttle.Timetable{schedule.OfSite(s.o.Site): c.Bandwidth}
	for _, r := range c.Routes {
		scopes[schedule.OfRoute(r.Name)] = r.Bandwidth
	}
	s.limits.configure(scopes)
	s.routes.apply(c)
	s.arrivals.changed()
}

// limits are the bandwidths of sites, routes and orders. It is for use by many goroutines.
type limits struct {
	set func(schedule.Scope, throttle.Timetable)

	mu         sync.Mutex
	configured map[schedule.Scope]throttle.Timetable
}

// configure puts the limits of a configuration into force, and lifts those that it does not have any more.
func (l *limits) configure(scopes map[schedule.Scope]throttle.Timetable) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for scope := range l.configured {
		if _, stays := scopes[scope]; !stays {
			l.set(scope, throttle.Timetable{})
		}
	}
	for scope, table := range scopes {
		if before, known := l.configured[scope]; !known && table.Unlimited() || known && before.String() == table.String() {
			continue
		}
		l.set(scope, table)
	}
	l.configured = scopes
}

func (l *limits) put(scope schedule.Scope, t throttle.Timetable) { l.set(scope, t) }
