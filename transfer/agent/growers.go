package agent

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"
	"sync"
	"time"

	"gantry/connectors"
	"gantry/transfer"
	"gantry/transfer/agent/naming"
	"gantry/transfer/agent/wire"
	"gantry/transfer/growing"
	"gantry/transfer/watch"
)

// growers send recordings while they are written, on the routes that say so. A recording that cannot be sent so is left
// to settle, and is an arrival like any other then. The methods may be called at once from many goroutines.
type growers struct {
	a    *arrivals
	most int // at once
	work sync.WaitGroup

	mu     sync.Mutex
	active map[fileKey]*grower // by the final name
}

// A grower follows one recording.
type grower struct {
	key    fileKey
	route  *route
	file   watch.File // as it was when it was noticed
	record growRecord

	follows *growing.File // of the attempt under way; nil between attempts
	held    *waiting      // the file has settled meanwhile
}

// growRecord is what a restart has to know of a recording.
type growRecord struct {
	ID    string    `json:"id"` // of the engine's job, and in the destination's path
	Path  string    `json:"path"`
	Inode uint64    `json:"inode"`
	Since time.Time `json:"since"`

	Identity string `json:"identity,omitempty"` // of the file, where its place can tell: an inode is soon that of another file

	Cancelled bool      `json:"cancelled,omitempty"` // nobody wants it
	Gone      time.Time `json:"gone,omitzero"`       // when it was deleted: what was sent waits a day for it
}

// mostGrowing bounds the recordings of one agent that are sent at once; others wait until they have settled.
const mostGrowing = 32

func newGrowers(a *arrivals) *growers {
	return &growers{a: a, most: mostGrowing, active: map[fileKey]*grower{}}
}

// finalPath is what a file is called once it is finished.
func (r *route) finalPath(p string) string {
	for _, ending := range r.plan.growing.Temporary {
		if stem, ok := strings.CutSuffix(path.Base(p), ending); ok && stem != "" {
			return path.Join(path.Dir(p), stem)
		}
	}
	return p
}

// follows tells whether files of that name are sent while they grow.
func (r *route) follows(final string) bool {
	g := r.plan.growing
	if g == nil || checkName(final) != nil {
		return false
	}
	for _, glob := range g.Match {
		if ok, err := path.Match(strings.ToLower(glob), strings.ToLower(path.Base(final))); ok && err == nil {
			return true
		}
	}
	return len(g.Match) == 0
}

// grows takes in a file that a watcher has seen to grow.
func (s *growers) grows(r *route, f watch.File) {
	if r.plan.growing == nil {
		return
	}
	if final := r.finalPath(f.Path); r.follows(final) {
		s.begin(r, fileKey{r.plan.name, final}, f, nil)
	}
}

// settled takes in a file that a watcher offers, if it is one that is followed, or that an earlier process has followed.
func (s *growers) settled(r *route, f watch.File, w *waiting) (taken bool) {
	key := fileKey{r.plan.name, f.Path}
	s.mu.Lock()
	g := s.active[key]
	if g != nil {
		g.held = w
		if g.follows != nil && r.plan.growing.Sidecar == "" {
			g.follows.Finish()
		}
	}
	s.mu.Unlock()
	if g != nil || r.plan.growing == nil || !r.follows(f.Path) {
		return g != nil
	}
	record, found, err := s.a.keep.growth(key)
	if err != nil || !found {
		return false
	}
	identity, err := s.identify(r, f.Path)
	if err != nil {
		s.a.wrong(err)
	}
	if !record.of(f.Inode, identity) {
		return false
	}
	if record.Cancelled {
		s.a.cancelled(w)
		return true
	}
	return s.begin(r, key, f, w)
}

// begin follows a file, unless it is followed already.
func (s *growers) begin(r *route, key fileKey, f watch.File, w *waiting) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.active[key] != nil {
		return false
	}
	if len(s.active) >= s.most {
		s.a.log.Warn("too many recordings grow at once: this one is sent once it has settled", "route", key.Route, "path", key.Path)
		return false
	}
	g := &grower{key: key, route: r, file: f, held: w}
	s.active[key] = g
	s.work.Go(func() { s.run(g) })
	return true
}

// end takes a file off, and hands it on if it has settled and was not dealt with.
func (s *growers) end(g *grower, arrived string) {
	s.mu.Lock()
	delete(s.active, g.key)
	held := g.held
	s.mu.Unlock()
	if held != nil && g.record.Cancelled {
		s.a.cancelled(held)
		return
	}
	if held != nil && g.route.ctx.Err() == nil && arrivalID(s.a.site, g.key.Route, held.file) != arrived {
		s.a.queue.put(held)
	}
}

// run follows a file until it has arrived, or has to be left to settle.
func (s *growers) run(g *grower) {
	arrived := ""
	defer func() { s.end(g, arrived) }()
	var err error
	pauses := s.a.pauses()
	for {
		if g.record, err = s.recall(g); err == nil {
			break
		}
		s.a.wrong(err)
		if !retryable(err) || !rest(g.route.ctx, pauses.next(), nil) {
			return
		}
	}
	for pauses = s.a.pauses(); !g.record.Cancelled; {
		arrived, err = s.attempt(g)
		switch {
		case err == nil || g.route.ctx.Err() != nil:
			return
		case gone(err):
			s.giveUp(g, err)
			return
		case errors.Is(err, transfer.ErrGivenUp):
			s.cancel(g)
			return
		case !retryable(err):
			s.leave(g, err)
			return
		}
		s.a.wrong(err)
		s.a.alarms.raise(g.key.Route, causeMove, fmt.Sprintf("route %s: the recording %q waits: %s", g.key.Route, printable(g.key.Path), oneLine(err.Error())))
		rest(g.route.ctx, pauses.next(), nil)
	}
}

// gone tells whether the recording is not there any more, or is another one.
func gone(err error) bool {
	var missing *transfer.DestinationError // whose kinds are of the other end
	kind := connectors.KindOf(err)
	return !errors.As(err, &missing) && (kind == connectors.KindNotFound || kind == connectors.KindChanged)
}

// attempt sends the recording, and tells of its arrival. It returns the arrival's ID, which is that of the settled file.
func (s *growers) attempt(g *grower) (id string, err error) {
	a, r, ctx := s.a, g.route, g.route.ctx
	destination, reveal, err := g.places(a.site)
	if err != nil {
		return "", err
	}
	from, back, err := a.places.borrow(ctx, r.plan.from)
	if err != nil {
		return "", err
	}
	defer func() { back(nil) }()
	to, backTo, err := a.places.borrow(ctx, r.plan.to)
	if err != nil {
		return "", err
	}
	defer func() { backTo(err) }()
	w := &waiting{key: g.key, route: r, file: g.file}
	if err := a.claim(ctx, w, g.record.ID, to, destination); err != nil {
		return "", err
	}
	follows := s.follow(g, from)
	receipt, err := a.move(ctx, moveJob{
		id: g.job(), work: g.job(), kind: "ingest", priority: r.urgency().priority, location: r.plan.from.Name, path: g.record.Path, from: from, route: g.key.Route, exclusive: true, growth: follows, growthVerify: r.growthVerify(),
		to:       []target{{location: r.plan.to.Name, path: destination, place: to, verify: transfer.Verify(r.plan.to.Proof), profile: r.plan.to.Profile, reveal: reveal}},
		progress: func(p transfer.Progress) { a.show(r, watch.File{Path: g.key.Path, Size: p.Total}, g.record.ID, p) },
	})
	if err != nil {
		return "", err
	}
	return s.arrived(g, receipt)
}

func (g *grower) job() string { return "arrival/" + g.record.ID }

// places gives the paths in the destination: of the file, and of what there is of it so far.
func (g *grower) places(site string) (destination, reveal string, err error) {
	facts := naming.FactsOf(g.record.ID, g.key.Path, site, g.key.Route, g.record.Since)
	if destination, err = g.route.destination(facts); err != nil || g.route.plan.growing.Reveal == "" {
		return destination, "", err
	}
	reveal, err = g.route.reveal.Render(facts)
	return destination, reveal, err
}

// follow makes what tells the engine how the recording grows. One that has settled is finished.
func (s *growers) follow(g *grower, from connectors.Source) *growing.File {
	rules, o := g.route.plan.growing, growing.Options{Place: from, Path: g.record.Path, Writer: watch.Writer}
	seconds := func(n float64) time.Duration { return time.Duration(n * float64(time.Second)) }
	o.Idle, o.Silence = seconds(rules.Idle), seconds(rules.Silence)
	if g.record.Path != g.key.Path {
		o.Final = g.key.Path
	}
	if rules.Sidecar != "" {
		o.Sidecar = g.key.Path + rules.Sidecar
	}
	f := growing.Follow(o)
	s.mu.Lock()
	defer s.mu.Unlock()
	g.follows = f
	if g.held != nil && rules.Sidecar == "" {
		f.Finish()
	}
	return f
}

func (r *route) growthVerify() transfer.GrowthVerify {
	if r.plan.growing.Verify == wire.GrowingEdges {
		return transfer.GrowthEdges
	}
	return transfer.GrowthFull
}

// arrived notes the arrival under the identity that the file has once it has settled, so that it is told once.
func (s *growers) arrived(g *grower, receipt transfer.Receipt) (id string, err error) {
	f, err := watch.Look(g.route.root, g.key.Path)
	if err != nil || f.Size != receipt.Source.Entry.Size || !f.ModTime.Equal(receipt.Source.Entry.ModTime) {
		// It was changed, renamed or taken away at once; what was sent is a version of its own.
		f = watch.File{Path: g.key.Path, Size: receipt.Source.Entry.Size, ModTime: receipt.Source.Entry.ModTime, Inode: g.record.Inode}
	}
	id = arrivalID(s.a.site, g.key.Route, f)
	arrival := wire.Arrival{ID: id, Route: g.key.Route, Path: g.key.Path, FirstSeen: g.record.Since, LastChange: receipt.Source.Entry.ModTime.UTC(), Receipt: receipt, Followed: g.record.ID}
	if receipt.Growth != nil {
		arrival.LastChange = receipt.Growth.Closed
	}
	if err := s.a.keep.concludeGrowth(g.key, mark{ID: id, Outcome: outcomeArrived}, s.a.event(id, wire.EventArrived, arrival)); err != nil {
		return "", err
	}
	s.a.hide(g.record.ID)
	if s.a.alarms.clear(g.key.Route, causeMove, fmt.Sprintf("route %s works again", g.key.Route)) {
		s.a.queue.hurry(g.route)
	}
	s.a.log.Info("a recording has arrived", "route", g.key.Route, "path", g.key.Path, "arrival", id, "size", receipt.Size)
	return id, nil
}

// cancel notes that nobody wants the recording, nor the file that it becomes.
func (s *growers) cancel(g *grower) {
	s.a.hide(g.record.ID)
	g.record.Cancelled = true
	if err := s.a.keep.keepGrowth(g.key, g.record); err != nil {
		s.a.wrong(err)
	}
	s.tell(g, transfer.ErrGivenUp)
}

// giveUp tells of a recording that is gone. What was sent of one that was deleted waits
// a day for it to come back, that of one which is another now is of no use.
func (s *growers) giveUp(g *grower, why error) {
	s.a.log.Warn("a recording has come to a bad end", "route", g.key.Route, "path", g.key.Path, "error", why)
	s.tell(g, why)
	if connectors.KindOf(why) != connectors.KindNotFound {
		s.forget(g)
		return
	}
	g.record.Gone = s.a.now().UTC()
	if err := s.a.keep.keepGrowth(g.key, g.record); err != nil {
		s.a.wrong(err)
	}
}

// tell tells the hub that the recording is not sent any more.
func (s *growers) tell(g *grower, why error) {
	failure := wire.ArrivalFailure{
		ID: g.record.ID, Route: g.key.Route, Path: printable(g.key.Path), Kind: string(connectors.KindOf(why)), Error: oneLine(why.Error()),
	}
	s.a.hide(g.record.ID)
	if err := s.a.keep.tell(s.a.event(g.record.ID+"-ended-"+s.a.instant(), wire.EventFailed, failure)); err != nil {
		s.a.wrong(err)
	}
}

// leave lets the file settle: what is wrong with its destination shows then.
func (s *growers) leave(g *grower, why error) {
	s.a.wrong(why)
	s.a.log.Warn("a recording cannot be sent while it grows, and is sent once it has settled", "route", g.key.Route, "path", g.key.Path, "error", why)
	s.tell(g, fmt.Errorf("it is sent once it has settled: %w", why))
	s.forget(g)
}

func (s *growers) forget(g *grower) {
	err := s.abandon(g)
	if err == nil {
		err = s.a.keep.forgetGrowth(g.key)
	}
	if err != nil {
		s.a.log.Warn("what was sent of a recording could not be taken back", "route", g.key.Route, "path", g.key.Path, "error", err)
	}
}

func (s *growers) abandon(g *grower) error {
	if begun, err := s.a.keep.begun(g.job()); err != nil || !begun {
		return err
	}
	destination, _, err := g.places(s.a.site)
	if err != nil {
		return err
	}
	ctx := context.WithoutCancel(g.route.ctx)
	to, back, err := s.a.places.borrow(ctx, g.route.plan.to)
	if err != nil {
		return err
	}
	err = s.a.giveUp(ctx, g.job(), []transfer.Destination{{Place: to, Location: g.route.plan.to.Name, Path: destination}})
	back(err)
	return err
}

// follows tells whether a file is followed now.
func (s *growers) has(key fileKey) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.active[key] != nil
}
