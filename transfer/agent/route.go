package agent

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net/url"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"gantry/connectors"
	"gantry/transfer/agent/naming"
	"gantry/transfer/agent/wire"
	"gantry/transfer/schedule"
	"gantry/transfer/watch"
)

// routePlan is all that a route is run by. Two equal plans are the same route; the workflow is the hub's affair.
type routePlan struct {
	name, path string
	settle     wire.Settle
	growing    *wire.Growing // nil: what grows is left until it has settled
	from, to   connectors.Location
	urgency    urgency // may change while the route runs
}

// urgency is how soon a route's files are wanted.
type urgency struct {
	priority schedule.Priority
	deadline time.Duration // after settling; 0 = any time
}

func (p routePlan) equal(o routePlan) bool {
	return p.name == o.name && p.path == o.path &&
		p.settle.Stable == o.settle.Stable && p.settle.MinSize == o.settle.MinSize && slices.Equal(p.settle.Ignore, o.settle.Ignore) && reflect.DeepEqual(p.growing, o.growing) &&
		equalLocation(p.from, o.from) && equalLocation(p.to, o.to)
}

func equalLocation(a, b connectors.Location) bool {
	return a.Name == b.Name && a.URL == b.URL && maps.Equal(a.Options, b.Options)
}

// tag changes when a move that could not succeed might now.
func (p routePlan) tag() string {
	return shortID(placeKey(p.from), placeKey(p.to), p.path)
}

// planOf resolves the locations of a route.
func planOf(r wire.Route, locations map[string]connectors.Location) (routePlan, error) {
	p := routePlan{
		name: r.Name, path: r.Path, settle: r.Settle, growing: r.Growing,
		urgency: urgency{r.Priority, time.Duration(r.Deadline * float64(time.Second))},
	}
	var err error
	if p.from, err = locate(locations, r.From); err != nil {
		return p, fmt.Errorf("from: %w", err)
	}
	if p.to, err = locate(locations, r.To); err != nil {
		return p, fmt.Errorf("to: %w", err)
	}
	return p, nil
}

func locate(locations map[string]connectors.Location, name string) (connectors.Location, error) {
	l, ok := locations[name]
	if !ok {
		return l, connectors.Errorf(connectors.KindInvalid, "find location", name, "the configuration does not have it")
	}
	l.Name = name
	return l, nil
}

// route is a plan at work: a watched folder, and what is moved out of it.
type route struct {
	plan    routePlan
	tag     string
	path    naming.Path
	reveal  naming.Path // of what is still written
	root    string      // the watched folder
	inner   string      // where the watched folder lies in the destination; "" if it does not
	watcher *watch.Watcher
	ctx     context.Context //nolint:containedctx // ends when the route is stopped, and its moves with it
	stop    func()          // returns when the watcher has ended

	pressed atomic.Pointer[urgency] // what the configuration says now
}

// urgency is how soon the route's files are wanted now.
func (r *route) urgency() urgency {
	if now := r.pressed.Load(); now != nil {
		return *now
	}
	return r.plan.urgency
}

// build checks a plan; nothing runs yet.
func build(p routePlan, o watch.Options) (*route, error) {
	root, err := folderOf(p.from)
	if err != nil {
		return nil, err
	}
	inner, err := checkLoop(root, p.to)
	if err != nil {
		return nil, err
	}
	template, err := naming.Parse(p.path)
	if err != nil {
		return nil, err
	}
	o.Root = root
	o.Stable = time.Duration(p.settle.Stable * float64(time.Second))
	o.MinSize = p.settle.MinSize
	o.Ignore = append(watch.DefaultIgnore(), p.settle.Ignore...)
	var reveal naming.Path
	if g := p.growing; g != nil {
		o.Temporary, o.Grows = g.Temporary, time.Duration(g.After*float64(time.Second))
		if g.Reveal != "" {
			if reveal, err = naming.Parse(g.Reveal); err != nil {
				return nil, err
			}
		}
	} else {
		o.OnGrow = nil
	}
	w, err := watch.New(o)
	if err != nil {
		return nil, err
	}
	return &route{plan: p, tag: p.tag(), path: template, reveal: reveal, root: root, inner: inner, watcher: w}, nil
}

// start watches until stop is called or ctx ends.
func (r *route) start(ctx context.Context, log *slog.Logger, settled func(context.Context, watch.File) error) {
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	r.ctx = ctx
	r.stop = func() {
		cancel()
		<-ended
	}
	go func() {
		defer close(ended)
		if err := r.watcher.Run(ctx, settled); ctx.Err() == nil {
			log.Error("watching has ended: change the route or restart", "route", r.plan.name, "error", err)
		}
	}()
}

// folderOf gives the folder of a location that can be watched.
func folderOf(l connectors.Location) (string, error) {
	u, err := url.Parse(l.URL)
	if err != nil || u.Scheme != "file" {
		return "", &connectors.Error{
			Kind: connectors.KindUnsupported, Op: "watch", Path: l.Name, Err: fmt.Errorf("only file:// locations can be watched"),
			Remedy: "run an agent where the files are, and watch its folder",
		}
	}
	if (u.Host != "" && u.Host != "localhost") || !strings.HasPrefix(u.Path, "/") {
		return "", &connectors.Error{
			Kind: connectors.KindInvalid, Op: "watch", Path: l.Name, Err: fmt.Errorf("its URL %q is no local folder", l.URL),
			Remedy: "write it as file:///folder",
		}
	}
	return filepath.Clean(filepath.FromSlash(u.Path)), nil
}

// destination makes an arrival's path.
func (r *route) destination(f naming.Facts) (string, error) {
	p, err := r.path.Render(f)
	if err == nil && r.inner != "" && strings.HasPrefix(p, r.inner+"/") {
		return "", errLoop(r.plan.to.Name, p)
	}
	return p, err
}

// checkLoop refuses a destination inside the watched folder: what arrives there would be taken in again, for ever. It
// returns where the watched folder lies in the destination, if it does.
func checkLoop(root string, to connectors.Location) (inner string, err error) {
	target, err := folderOf(to)
	if err != nil {
		return "", nil //nolint:nilerr // not a local folder, so not inside the root
	}
	root, target = resolved(root), resolved(target)
	if _, inside := within(root, target); inside {
		return "", errLoop(to.Name, target)
	}
	inner, _ = within(target, root)
	return inner, nil
}

func within(folder, p string) (rel string, ok bool) {
	rel, err := filepath.Rel(folder, p)
	if err != nil || rel == ".." || strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
		return "", false
	}
	return filepath.ToSlash(rel), true
}

func errLoop(location, p string) error {
	return &connectors.Error{
		Kind: connectors.KindInvalid, Op: "use route to", Path: location, Err: fmt.Errorf("%s lies in the watched folder", p),
		Remedy: "choose a destination that is not watched by the same route",
	}
}

// resolved follows the links of as much of a path as exists.
func resolved(p string) string {
	if real, err := filepath.EvalSymlinks(p); err == nil {
		return real
	}
	parent := filepath.Dir(p)
	if parent == p {
		return p
	}
	return filepath.Join(resolved(parent), filepath.Base(p))
}
