package agent

import (
	"context"
	"maps"
	"strings"
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
	for name, table := range c.Bandwidths {
		scopes[schedule.OfEndpoint(name)] = table
	}
	s.limits.configure(scopes)
	s.routes.apply(c)
	s.arrivals.changed()
}

// limits are the bandwidths of sites, routes, orders and places. It is for use by many goroutines.
type limits struct {
	set func(schedule.Scope, throttle.Timetable)

	mu         sync.Mutex
	now        map[schedule.Scope]string // in force
	configured map[schedule.Scope]throttle.Timetable
}

// configure puts the limits of a configuration into force, and lifts those that it does not have any more.
func (l *limits) configure(scopes map[schedule.Scope]throttle.Timetable) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for scope := range l.configured {
		if _, stays := scopes[scope]; !stays {
			l.change(scope, throttle.Timetable{})
		}
	}
	for scope, table := range scopes {
		l.change(scope, table)
	}
	l.configured = scopes
}

func (l *limits) put(scope schedule.Scope, t throttle.Timetable) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.change(scope, t)
}

// change does nothing if it is so already, since a limit that is set anew forgets what it has let pass.
func (l *limits) change(scope schedule.Scope, t throttle.Timetable) {
	text := ""
	if !t.Unlimited() {
		text = t.String()
	}
	if l.now[scope] == text {
		return
	}
	if l.now == nil {
		l.now = map[schedule.Scope]string{}
	}
	if l.now[scope] = text; text == "" {
		delete(l.now, scope)
	}
	l.set(scope, t)
}

// place has the scheduler see to the bandwidth of a location, where it can: then a change holds for what moves, too. A
// program that moves whole files keeps to it by itself.
func (l *limits) place(at connectors.Location) connectors.Location {
	text := at.Options[throttle.OptionBandwidth]
	table, err := throttle.ParseTimetable(text)
	if err != nil || strings.HasPrefix(at.URL, "aspera:") {
		return at // a mistake is told when it is opened
	}
	l.put(schedule.OfEndpoint(at.Name), table)
	if text != "" {
		at.Options = maps.Clone(at.Options)
		delete(at.Options, throttle.OptionBandwidth)
	}
	return at
}
