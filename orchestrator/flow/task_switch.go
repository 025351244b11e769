package flow

// switchTask goes where the first case that holds says; its output is its input.
type switchTask struct {
	leaf
	cases    []switchCase
	fallback *directive
}

type switchCase struct {
	when *expr
	then *directive
}

func parseSwitch(p *parser, f *fields, _ *task, sc scope) body {
	n := f.get("switch")
	if n.kind != listNode || len(n.items) == 0 {
		p.problem(n, "must be a list of at least one case", "put a hyphen before each case's name")
		return nil
	}
	s := &switchTask{}
	for _, item := range n.items {
		if item.kind != mapNode || len(item.items) != 1 {
			p.problem(item, "each case is an object with one field, the case's name", "")
			continue
		}
		s.add(p, item.items[0], sc)
	}
	return s
}

func (s *switchTask) add(p *parser, n *node, sc scope) {
	f := p.object(n, "when", "then")
	if f == nil {
		return
	}
	var then *directive
	if v := f.need("then"); v != nil {
		then = p.directive(v)
	}
	when := f.get("when")
	switch {
	case when != nil:
		s.cases = append(s.cases, switchCase{p.expression(when, sc.with(varsInside)), then})
	case s.fallback != nil:
		p.problem(n, "there is a default case already", "give this one a when")
	default:
		s.fallback = then
	}
}

func (s *switchTask) start(x *exec, f *frame) {
	for _, c := range s.cases {
		holds, err := x.inside(f)(c.when)
		if err != nil {
			x.fail(f, err)
			return
		}
		if truthy(holds) {
			x.finishWith(f, f.Input.data, *c.then)
			return
		}
	}
	if s.fallback != nil {
		x.finishWith(f, f.Input.data, *s.fallback)
		return
	}
	x.finish(f, f.Input.data)
}
