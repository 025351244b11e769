package flow

import (
	"fmt"
	"slices"
)

// fields are the members of an object, checked against the names that may occur.
type fields struct {
	node *node
	p    *parser
}

// object checks that a node is an object with no other fields than those allowed; it is nil if
// it is no object at all.
func (p *parser) object(n *node, allowed ...string) *fields {
	if n.kind != mapNode {
		p.problem(n, fmt.Sprintf("must be an object, not %s", n.what()), "")
		return nil
	}
	for _, k := range n.keys {
		if !slices.Contains(allowed, k.name) {
			p.unknownField(n, k, allowed)
		}
	}
	return &fields{n, p}
}

func (p *parser) unknownField(n *node, k key, allowed []string) {
	p.problems = append(p.problems, Problem{
		Line: k.line, Column: k.column, Pointer: n.pointer,
		Message: fmt.Sprintf("unknown field %q", k.name), Suggestion: didYouMean(k.name, allowed),
	})
}

// get gives a field's value, or nil.
func (f *fields) get(name string) *node {
	for i, k := range f.node.keys {
		if k.name == name {
			return f.node.items[i]
		}
	}
	return nil
}

// need gives a field's value; that it is missing is a problem.
func (f *fields) need(name string) *node {
	n := f.get(name)
	if n == nil {
		f.p.missing(f.node, name)
	}
	return n
}

// text gives the value of a field that is a string, or "".
func (f *fields) text(name string) string {
	if n := f.get(name); n != nil {
		s, _ := f.p.text(n)
		return s
	}
	return ""
}

func (p *parser) problem(n *node, message, suggestion string) {
	p.problems = append(p.problems, Problem{n.line, n.column, n.pointer, message, suggestion})
}

func (p *parser) missing(n *node, name string) {
	p.problem(n, fmt.Sprintf("field %q is missing", name), "")
}

// unsupported refuses a field at the place of its name.
func (f *fields) unsupported(name, what, instead string) {
	n := *f.get(name)
	for _, k := range f.node.keys {
		if k.name == name {
			n.line, n.column = k.line, k.column
		}
	}
	f.p.unsupported(&n, what, instead)
}

func (p *parser) unsupported(n *node, what, instead string) {
	p.problem(n, what+" is not supported by this version", instead)
}

// text gives a node that must be a string.
func (p *parser) text(n *node) (string, bool) {
	s, ok := n.scalar.(string)
	if n.kind != scalarNode || !ok {
		p.problem(n, fmt.Sprintf("must be a string, not %s", n.what()), "")
		return "", false
	}
	return s, true
}

func (p *parser) boolean(n *node) bool {
	b, ok := n.scalar.(bool)
	if n.kind != scalarNode || !ok {
		p.problem(n, fmt.Sprintf("must be true or false, not %s", n.what()), "")
	}
	return b
}

func (p *parser) integer(n *node) int {
	i, ok := n.scalar.(int)
	if n.kind != scalarNode || !ok {
		p.problem(n, fmt.Sprintf("must be a whole number, not %s", n.what()), "")
	}
	return i
}
