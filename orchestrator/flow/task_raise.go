package flow

import "fmt"

// raiseTask fails with an error of the document.
type raiseTask struct {
	leaf
	status                        int
	kind, title, detail, instance *template
}

func parseRaise(p *parser, f *fields, _ *task, sc scope) body {
	r := p.object(f.get("raise"), "error")
	if r == nil {
		return nil
	}
	n := r.need("error")
	if n == nil {
		return nil
	}
	if n.kind == scalarNode {
		if n = p.named(n, p.use.errors, "error"); n == nil {
			return nil
		}
	}
	if t := p.errorDefinition(n, sc.with(varsInside)); t != nil {
		return t
	}
	return nil
}

// errorDefinition compiles the definition of an error.
func (p *parser) errorDefinition(n *node, vars []string) *raiseTask {
	f := p.object(n, "type", "status", "title", "detail", "instance")
	if f == nil {
		return nil
	}
	t := &raiseTask{}
	for name, to := range map[string]**template{"type": &t.kind, "title": &t.title, "detail": &t.detail, "instance": &t.instance} {
		if v := f.get(name); v != nil {
			if _, ok := p.text(v); ok {
				*to = p.template(v, vars)
			}
		}
	}
	f.need("type")
	if status := f.need("status"); status != nil {
		t.status = p.integer(status)
	}
	return t
}

func (r *raiseTask) start(x *exec, f *frame) {
	err := &Error{Status: r.status}
	parts := []struct {
		from *template
		to   *string
	}{{r.kind, &err.Type}, {r.title, &err.Title}, {r.detail, &err.Detail}, {r.instance, &err.Instance}}
	for _, p := range parts {
		if p.from == nil {
			continue
		}
		v, failed := p.from.run(x.inside(f))
		if failed != nil {
			x.fail(f, failed)
			return
		}
		if s, ok := v.(string); ok {
			*p.to = s
		} else {
			*p.to = string(encode(v))
		}
	}
	if err.Type == "" {
		err = newError(TypeExpression, "%s", fmt.Sprintf("the type of the error to raise is empty (status %d)", r.status))
	}
	x.fail(f, err)
}
