package flow

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// http compiles the arguments of call: http, which the specification fixes. The host's function
// "http" gets them evaluated, with the URI template of the endpoint filled in.
func (t *callTask) http(p *parser, f *fields, sc scope) body {
	n := f.need("with")
	if n == nil {
		return nil
	}
	vars := sc.with(varsInside)
	with := p.object(n, "method", "endpoint", "headers", "query", "body", "output", "redirect")
	if with == nil {
		return nil
	}
	if m := with.need("method"); m != nil {
		p.text(m)
	}
	for _, name := range []string{"headers", "query"} {
		if v := with.get(name); v != nil && v.kind != mapNode {
			if s, ok := p.text(v); ok && !strings.HasPrefix(strings.TrimSpace(s), "${") {
				p.problem(v, "must be an object or an expression in ${ }", "")
			}
		}
	}
	if v := with.get("output"); v != nil {
		if s, ok := p.text(v); ok && !slices.Contains([]string{"raw", "content", "response"}, s) {
			p.problem(v, fmt.Sprintf("output cannot be %q", s), "raw, content or response")
		}
	}
	if v := with.get("redirect"); v != nil {
		p.boolean(v)
	}
	if e := with.need("endpoint"); e != nil {
		t.endpoint = p.endpoint(e)
	}
	t.with = p.template(n, vars)
	p.def.calls["http"] = true
	return t
}

// endpoint gives the URI template of an endpoint; it is nil for an expression.
func (p *parser) endpoint(n *node) *uriTemplate {
	if n.kind == mapNode {
		f := p.object(n, "uri", "authentication")
		if f.get("authentication") != nil {
			f.unsupported("authentication", "authentication", "")
		}
		if n = f.need("uri"); n == nil {
			return nil
		}
	}
	s, ok := p.text(n)
	if !ok || strings.Contains(s, "${") {
		return nil
	}
	if strings.TrimSpace(s) == "" {
		p.problem(n, "the URI is empty", "")
	}
	return compileURI(s)
}

// expand fills in the endpoint of evaluated arguments.
func (t *callTask) expand(arguments, input any) (any, *Error) {
	uri, err := t.endpoint.expand(input)
	if err != nil {
		return nil, err
	}
	out := maps.Clone(arguments.(map[string]any))
	if e, ok := out["endpoint"].(map[string]any); ok {
		e = maps.Clone(e)
		e["uri"] = uri
		out["endpoint"] = e
	} else {
		out["endpoint"] = uri
	}
	return out, nil
}
