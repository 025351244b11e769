package agent

import (
	"maps"
	"slices"
	"strings"
	"sync"

	"gantry/transfer/agent/wire"
)

// routes are the routes of the configuration in force. apply is called by one goroutine.
type routes struct {
	build func(routePlan) (*route, error)
	start func(*route)
	gone  func(*route)                 // a route was stopped
	bad   func(name string, err error) // a route cannot run; nil once it can

	mu      sync.Mutex
	running map[string]*route
	refused map[string]string // why routes of the configuration do not run
}

// apply starts, stops and alters routes until they are the configuration's. A route that has not changed is left alone.
func (r *routes) apply(c wire.Config) {
	plans, refused := plansOf(c)
	for name, old := range r.snapshot() {
		if plan, ok := plans[name]; !ok || !plan.equal(old.plan) {
			old.stop()
			r.remove(name)
			r.gone(old)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(plans)) {
		if r.press(name, plans[name].urgency) {
			continue
		}
		fresh, err := r.build(plans[name])
		if err != nil {
			refused[name] = err
			continue
		}
		r.start(fresh)
		r.add(name, fresh)
	}
	r.refuse(plans, refused)
}

func plansOf(c wire.Config) (map[string]routePlan, map[string]error) {
	plans, refused := map[string]routePlan{}, map[string]error{}
	for _, spec := range c.Routes {
		if spec.Site != "" && spec.Site != c.Site {
			continue
		}
		if plan, err := planOf(spec, c.Locations); err != nil {
			refused[spec.Name] = err
		} else {
			plans[spec.Name] = plan
		}
	}
	return plans, refused
}

func (r *routes) refuse(plans map[string]routePlan, refused map[string]error) {
	r.mu.Lock()
	r.refused = map[string]string{}
	for name, err := range refused {
		r.refused[name] = err.Error()
	}
	r.mu.Unlock()
	for name := range plans {
		if refused[name] == nil {
			r.bad(name, nil)
		}
	}
	for name, err := range refused {
		r.bad(name, err)
	}
}

// stopAll stops every route.
func (r *routes) stopAll() {
	for name, old := range r.snapshot() {
		old.stop()
		r.remove(name)
	}
}

func (r *routes) snapshot() map[string]*route {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.running)
}

// press tells a route that runs how soon its files are wanted. It tells whether there is one.
func (r *routes) press(name string, u urgency) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	running := r.running[name]
	if running != nil {
		running.pressed.Store(&u)
	}
	return running != nil
}

func (r *routes) add(name string, x *route) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.running[name] = x
}

func (r *routes) remove(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.running, name)
}

// status tells about every route of the configuration, by name.
func (r *routes) status() []RouteStatus {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []RouteStatus
	for name, x := range r.running {
		s := RouteStatus{Name: name, From: x.plan.from.URL, To: x.plan.to.URL, Mode: x.watcher.Mode()}
		growing := x.watcher.Growing()
		s.GrowingTotal = len(growing)
		for _, f := range growing[:min(len(growing), 100)] {
			s.Growing = append(s.Growing, GrowingFile{Path: printable(f.Path), Size: f.Size, Waits: f.Waits, FirstSeen: f.FirstSeen})
		}
		all = append(all, s)
	}
	for name, why := range r.refused {
		all = append(all, RouteStatus{Name: name, Mode: "refused", Error: why})
	}
	slices.SortFunc(all, func(a, b RouteStatus) int { return strings.Compare(a.Name, b.Name) })
	return all
}
