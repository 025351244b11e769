package flow

import "fmt"

// setTask gives data of the document, with its expressions evaluated, as output.
type setTask struct {
	leaf
	data *template
}

func parseSet(p *parser, f *fields, _ *task, sc scope) body {
	n, vars := f.get("set"), sc.with(varsInside)
	switch {
	case n.kind == mapNode && len(n.items) == 0:
		p.problem(n, "sets nothing", "name at least one field")
	case n.kind == mapNode:
		return &setTask{data: p.template(n, vars)}
	case n.kind == scalarNode && n.what() == "a string":
		if e := p.expression(n, vars); e != nil {
			return &setTask{data: &template{expr: e}}
		}
	default:
		p.problem(n, fmt.Sprintf("must be an object or an expression, not %s", n.what()), "")
	}
	return nil
}

func (s *setTask) start(x *exec, f *frame) {
	output, err := s.data.run(x.inside(f))
	if err != nil {
		x.fail(f, err)
		return
	}
	x.finish(f, output)
}
