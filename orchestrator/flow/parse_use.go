package flow

import (
	"fmt"
	"maps"
	"slices"
)

// use holds the reusable parts of a document by name. They are compiled where they are used, as
// the variables that they may use differ.
type use struct {
	errors, retries, timeouts, functions map[string]*node
	used                                 map[*node]bool
	active                               []string // functions being read
}

func (p *parser) useSection(n *node) {
	if n == nil {
		return
	}
	f := p.object(n, "authentications", "errors", "extensions", "functions", "retries", "secrets", "timeouts", "catalogs")
	if f == nil {
		return
	}
	for _, name := range []string{"authentications", "extensions", "secrets", "catalogs"} {
		if v := f.get(name); v != nil && len(v.items) > 0 {
			f.unsupported(name, "use."+name, "")
		}
	}
	p.use.used = map[*node]bool{}
	p.use.errors = p.members(f.get("errors"))
	p.use.retries = p.members(f.get("retries"))
	p.use.timeouts = p.members(f.get("timeouts"))
	p.use.functions = p.members(f.get("functions"))
	for _, name := range slices.Sorted(maps.Keys(p.use.functions)) {
		p.function(name)
	}
}

// unused checks the reusable parts that nothing refers to. They may use what they could where an
// error has been caught.
func (p *parser) unused() {
	vars := append(slices.Clone(varsInside), "error")
	for _, n := range p.use.rest(p.use.errors) {
		p.errorDefinition(n, vars)
	}
	for _, n := range p.use.rest(p.use.timeouts) {
		p.timeout(n, vars)
	}
	for _, n := range p.use.rest(p.use.retries) {
		p.retry(n, vars)
	}
}

// rest gives those of the parts that have not been used.
func (u *use) rest(parts map[string]*node) []*node {
	var out []*node
	for _, name := range slices.Sorted(maps.Keys(parts)) {
		if !u.used[parts[name]] {
			out = append(out, parts[name])
		}
	}
	return out
}

func (p *parser) members(n *node) map[string]*node {
	if n == nil {
		return nil
	}
	if n.kind != mapNode {
		p.problem(n, fmt.Sprintf("must be an object, not %s", n.what()), "")
		return nil
	}
	m := map[string]*node{}
	for i, item := range n.items {
		m[n.keys[i].name] = item
	}
	return m
}

// named gives the reusable part that a string names; it is nil where the node is no string.
func (p *parser) named(n *node, parts map[string]*node, what string) *node {
	name, ok := n.scalar.(string)
	if n.kind != scalarNode {
		return nil
	}
	if !ok {
		p.problem(n, fmt.Sprintf("must be an object or the name of a %s, not %s", what, n.what()), "")
		return nil
	}
	part := parts[name]
	if part == nil || part.kind != mapNode {
		hint := didYouMean(name, slices.Sorted(maps.Keys(parts)))
		if hint == "" {
			hint = fmt.Sprintf("define it under use.%s", map[string]string{"retry policy": "retries", "timeout": "timeouts", "error": "errors"}[what])
		}
		p.problem(n, fmt.Sprintf("there is no %s %q", what, name), hint)
		return nil
	}
	p.use.used[part] = true
	return part
}

// function compiles a task of use.functions, once; it is nil for a name that is not there.
func (p *parser) function(name string) *list {
	n := p.use.functions[name]
	if n == nil {
		return nil
	}
	if l := p.def.functions[name]; l != nil {
		return l
	}
	l := &list{}
	if slices.Contains(p.use.active, name) {
		p.problem(n, fmt.Sprintf("function %q calls itself", name), "use for, or then, to repeat tasks")
		return l
	}
	targets, depth := p.targets, p.depth
	p.targets, p.depth = nil, -1
	p.use.active = append(p.use.active, name)
	if t := p.task(n, name, nil); t != nil {
		l.tasks = []*task{t}
	}
	for _, t := range p.targets {
		p.problem(t.node, fmt.Sprintf("a function has no task %q to go to", t.directive.name), "use continue or exit, or leave then out")
	}
	p.use.active = p.use.active[:len(p.use.active)-1]
	p.targets, p.depth = targets, depth
	p.def.functions[name] = l
	return l
}
