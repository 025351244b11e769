package flow

import "fmt"

// forTask runs a list of tasks for each item of a collection. The output of one iteration is the
// input of the next; that of the last is the task's.
type forTask struct {
	each, at string
	in       *template
	while    *expr
	list     *list
}

// forState is what a loop remembers.
type forState struct {
	Items Value `json:"items"`
	Index int   `json:"index"`
}

func (s *forState) items() []any {
	items, _ := s.Items.data.([]any)
	return items
}

func parseFor(p *parser, f *fields, _ *task, sc scope) body {
	spec := p.object(f.get("for"), "each", "in", "at")
	if spec == nil {
		return nil
	}
	t := &forTask{each: p.variable(spec.get("each"), "item"), at: p.variable(spec.get("at"), "index")}
	if t.each == t.at {
		p.problem(spec.node, fmt.Sprintf("item and index are both called %q", t.each), "give them different names")
	}
	if in := spec.need("in"); in != nil {
		if in.kind == listNode {
			t.in = p.template(in, sc.with(varsInside))
		} else if e := p.expression(in, sc.with(varsInside)); e != nil {
			t.in = &template{expr: e}
		}
	}
	inner := sc.and(t.each, t.at)
	if n := f.get("while"); n != nil {
		t.while = p.expression(n, inner.with(varsInside))
	}
	if do := f.need("do"); do != nil {
		t.list = p.list(do, inner)
	}
	return t
}

func (t *forTask) start(x *exec, f *frame) {
	items, err := t.in.run(x.inside(f))
	if err != nil {
		x.fail(f, err)
		return
	}
	if _, ok := items.([]any); !ok {
		x.fail(f, newError(TypeExpression, "for.in must give a list, not %s", excerpt(items)))
		return
	}
	f.For = &forState{Items: Value{items}}
	t.iterate(x, f, f.Input.data)
}

// iterate begins the iteration of the current index, or ends the loop.
func (t *forTask) iterate(x *exec, f *frame, input any) {
	if f.For.Index >= len(f.For.items()) {
		x.finish(f, input)
		return
	}
	if t.while != nil {
		more, err := x.eval(t.while, scopeOf{f: f}, input)
		if err != nil {
			x.fail(f, err)
			return
		}
		if !truthy(more) {
			x.finish(f, input)
			return
		}
	}
	if len(t.list.tasks) > 0 {
		x.begin(f, t.list, 0, input)
		return
	}
	t.proceed(x, f, input)
}

// proceed goes on to the next iteration, whose tasks have not been started yet.
func (t *forTask) proceed(x *exec, f *frame, output any) {
	f.For.Index++
	f.Visits = nil
	x.next(func() {
		if x.spend() {
			t.iterate(x, f, output)
		}
	})
}

func (*forTask) resume(*exec, *frame, role, Event) {}
func (t *forTask) fits(f *frame) bool              { return f.For != nil && f.For.Index >= 0 }
func (t *forTask) scope(*frame) *list              { return t.list }

func (t *forTask) done(x *exec, f, child *frame, output any, then directive) {
	x.follow(f, t.list, child, output, then, func(output any) { t.proceed(x, f, output) })
}

func (*forTask) failed(x *exec, f, _ *frame, err *Error) { x.fail(f, err) }

// binding gives the item and its index.
func (t *forTask) binding(f *frame, name string) (any, bool) {
	if f.For == nil || f.For.Index >= len(f.For.items()) {
		return nil, false
	}
	switch name {
	case t.each:
		return f.For.items()[f.For.Index], true
	case t.at:
		return f.For.Index, true
	}
	return nil, false
}
