package agent

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"gantry/connectors"
	"gantry/transfer"
	"gantry/transfer/agent/wire"
	"gantry/transfer/custody"
	"gantry/transfer/journal"
	"gantry/transfer/schedule"
	"gantry/transfer/watch"
)

// receiptsKept is how long an order can be asked for again without moving its bytes again.
const receiptsKept = 14 * 24 * time.Hour

// session is an agent at work on one journal.
type session struct {
	o        Options
	log      *slog.Logger
	trace    *trace
	keep     *keep
	hub      *hub
	places   *places
	queue    *queue
	moves    *moves
	alarms   *alarms
	routes   *routes
	arrivals *arrivals
	orders   *orders
	sender   *sender
	reporter *reporter
	config   *configurator
	controls *controls
	lines    *schedule.Scheduler
	limits   limits

	damage chan error      // ends run
	ctx    context.Context //nolint:containedctx // run's
	once   sync.Once
}

func newSession(a *Agent) (*session, error) {
	h, err := newHub(a.o, a.link)
	if err != nil {
		return nil, fmt.Errorf("agent: %w", err)
	}
	j, err := journal.Open(a.journalDir(), journal.Options{Logger: a.o.Logger, Now: a.o.Now})
	if err != nil {
		return nil, fmt.Errorf("agent: %w", err)
	}
	s := &session{o: a.o, log: a.o.Logger, trace: a.trace, hub: h, damage: make(chan error, 1)}
	s.keep = &keep{j: j, told: newBell()}
	s.places = newPlaces(a.o.Open, a.o.Now)
	s.queue = newQueue(a.o.Now)
	s.lines = a.o.Engine.Scheduler
	if s.lines == nil {
		s.lines = schedule.New(schedule.Options{Now: a.o.Now})
	}
	s.limits.set = s.lines.Limit
	s.places.limit = s.limits.place
	s.moves = newMoves(newEngine(a.o, j, s.lines), a.o.Site, a.o.Now)
	s.controls = s.newControls()
	s.moves.begin = s.controls.begin
	s.alarms = &alarms{tell: s.alarm, now: a.o.Now, set: map[alarmKey]*alarm{}}
	s.routes = &routes{build: s.buildRoute, start: s.startRoute, gone: s.queue.drop, bad: s.badRoute, running: map[string]*route{}}
	s.reporter = &reporter{hub: h, gap: 300 * time.Millisecond, now: a.o.Now, all: s.routes.snapshot, next: map[string]wire.ArrivalProgress{}}
	s.arrivals = s.newArrivals()
	s.orders = s.newOrders()
	s.sender = &sender{
		outbox: s.keep, send: h.events, lost: s.lostEvent, stuck: s.stuckOutbox, flows: s.flowingOutbox,
		bell: s.keep.told, back: a.link.bell(), pauses: s.pauses(), log: s.log,
	}
	s.config = &configurator{
		file: a.config, hub: h, apply: s.enforce, every: a.o.Refresh, pauses: s.pauses(), back: a.link.bell(), log: s.log, wrong: s.wrong,
	}
	return s, nil
}

func newEngine(o Options, j *journal.Journal, lines *schedule.Scheduler) *transfer.Engine {
	e := o.Engine
	e.Scheduler, e.Journal, e.Logger, e.Now, e.Jitter = lines, j, o.Logger, o.Now, o.Jitter
	if e.Version == "" && o.Version != "" {
		e.Version = "gantry " + o.Version
	}
	e.Scratch = cmp.Or(e.Scratch, filepath.Join(o.Dir, "staged"))
	e.Dockets = cmp.Or(e.Dockets, filepath.Join(o.Dir, "uploads"))
	return transfer.New(e)
}

func (s *session) newArrivals() *arrivals {
	a := &arrivals{
		site: s.o.Site, keep: s.keep, queue: s.queue, places: s.places, alarms: s.alarms, move: s.moves.run, giveUp: s.moves.engine.Abandon, event: s.event,
		show: s.reporter.show, hide: s.reporter.hide, wrong: s.wrong, pauses: s.pauses, mend: s.o.Mend, now: s.o.Now, log: s.log,
		crew: newCrew(s.o.Moves, s.controls.priority, s.controls.paused), controls: s.controls, stop: s.moves.engine.Cancel,
	}
	a.growers = newGrowers(a)
	s.reporter.followed, s.reporter.lined = a.growers.has, a.lined
	return a
}

func (s *session) newOrders() *orders {
	p := &performer{
		places: s.places, move: s.moves.run, limit: s.limits.put, host: s.o.Name, version: s.o.Version,
		stamp: func(key string) (time.Time, error) { return s.keep.stamp(key, s.o.Now().UTC()) },
	}
	return &orders{
		hub: s.hub, perform: p.perform, crew: newCrew(s.o.Orders, s.controls.priority, s.controls.paused), wait: s.o.Wait, gap: 250 * time.Millisecond, wrong: s.wrong,
		pauses: s.pauses, log: s.log, running: map[string]*leased{}, freed: newBell(), back: s.hub.link.bell(),
	}
}

// run works until ctx ends (nil), or the journal is found to be damaged.
func (s *session) run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s.ctx = ctx
	if n, err := s.keep.reviveDead(); err != nil {
		return err
	} else if n > 0 {
		s.log.Info("events that the hub had refused are sent once more", "events", n)
	}
	var found error
	var work sync.WaitGroup
	work.Go(func() {
		select {
		case found = <-s.damage:
			cancel()
		case <-ctx.Done():
		}
	})
	work.Go(func() { s.config.run(ctx) })
	work.Go(func() { s.controls.run(ctx) })
	work.Go(func() { s.arrivals.run(ctx) })
	work.Go(func() { s.moves.tellWaiting(ctx) })
	work.Go(func() { s.sender.run(ctx) })
	work.Go(func() { s.orders.run(ctx) })
	work.Go(func() { s.reporter.run(ctx) })
	work.Go(func() { s.tidy(ctx) })
	work.Wait()
	s.routes.stopAll()
	s.arrivals.growers.work.Wait()
	return found
}

func (s *session) close() (err error) {
	s.once.Do(func() { err = errors.Join(s.places.close(), s.keep.j.Close()) })
	return err
}

// tidy closes idle places, aborts now and then the uploads that were given up and
// could not be aborted then, and once a day drops what is old.
func (s *session) tidy(ctx context.Context) {
	pruned, aborted := time.Time{}, s.o.Now()
	for rest(ctx, s.places.idle/2, nil) {
		if err := s.places.sweep(); err != nil {
			s.log.Info("closing an idle place", "error", err)
		}
		if now := s.o.Now(); now.Sub(aborted) > abortEvery {
			aborted = now
			s.abortOrphans(ctx)
		}
		if now := s.o.Now(); now.Sub(pruned) > 24*time.Hour {
			pruned = now
			if err := errors.Join(s.keep.prune(now.Add(-receiptsKept)), s.keep.pruneGrowth(now.Add(-24*time.Hour))); err != nil {
				s.wrong(err)
			}
		}
	}
}

// abortEvery is how often uploads are tried that could not be aborted.
const abortEvery = 10 * time.Minute

func (s *session) abortOrphans(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	err := s.moves.engine.Tidy(ctx, func(location string) (connectors.Sink, error) { return s.places.byName(ctx, location) })
	if err != nil && ctx.Err() == nil {
		s.log.Info("uploads that were given up are still there, and are tried again later", "error", err)
	}
}

// wrong takes in an error that work goes on in spite of. A damaged journal ends the session.
func (s *session) wrong(err error) {
	s.trace.note(err)
	if errors.Is(err, journal.ErrDamaged) {
		select {
		case s.damage <- err:
		default:
		}
	}
}

func (s *session) pauses() *pauses {
	return &pauses{first: s.o.Retry, most: s.o.RetryMax, jitter: s.o.Jitter}
}

func (s *session) buildRoute(p routePlan) (*route, error) {
	log := s.log.With("route", p.name)
	var r *route
	r, err := build(p, watch.Options{
		Now: s.o.Now, Logger: log, Retry: s.o.Retry,
		OnPass:  func(path, reason string) { s.arrivals.passed(r, path, reason) },
		OnAlarm: func(a watch.Alarm) { s.rootAlarm(p.name, a) },
		OnGrow: func(f watch.File) {
			if !custody.IsHistory(f.Path) { // which goes along when it is whole
				s.arrivals.growers.grows(r, f)
			}
		},
	})
	return r, err
}

func (s *session) startRoute(r *route) {
	s.log.Info("watching", "route", r.plan.name, "from", r.plan.from.URL, "to", r.plan.to.URL)
	r.start(s.ctx, s.log, func(_ context.Context, f watch.File) error { return s.arrivals.settled(r, f) })
}

func (s *session) status(to *Status) {
	to.Config = s.config.version()
	to.Routes = s.routes.status()
	to.Moves = s.moves.status()
	to.Waiting, _ = s.queue.lengths()
	var err error
	if to.Outbox, to.DeadLetters, err = s.keep.count(); err != nil {
		s.wrong(err)
	}
}
