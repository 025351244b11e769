package flow

import (
	"errors"
	"strings"
)

// compileText compiles a string of a template.
func compileText(s string, vars []string, loose bool) (*template, error) {
	if loose && !strings.Contains(s, "${") {
		e, err := compileExpr(s, vars)
		if err != nil {
			return &template{constant: s}, nil
		}
		e.loose = true
		return &template{expr: e}, nil
	}
	var pieces []*template
	for rest := s; rest != ""; {
		before, after, found := strings.Cut(rest, "${")
		if before != "" {
			pieces = append(pieces, &template{constant: before})
		}
		if !found {
			break
		}
		end := expressionEnd(after)
		if end < 0 {
			return nil, errors.New(`"${" is not closed; to write it as text use ${ "${" }`)
		}
		e, err := compileExpr(after[:end], vars)
		if err != nil {
			return nil, err
		}
		pieces = append(pieces, &template{expr: e})
		rest = after[end+1:]
	}
	if only := soleExpression(pieces); only != nil {
		return only, nil
	}
	if len(pieces) == 0 || len(pieces) == 1 && pieces[0].expr == nil {
		return &template{constant: s}, nil
	}
	return &template{text: pieces}, nil
}

// soleExpression gives the expression that is all there is but for white space round it.
func soleExpression(pieces []*template) *template {
	var only *template
	for _, p := range pieces {
		switch {
		case p.expr == nil && strings.TrimSpace(p.constant.(string)) == "":
		case p.expr == nil || only != nil:
			return nil
		default:
			only = p
		}
	}
	return only
}

// expressionEnd finds the brace that closes an expression, past braces and strings inside it.
func expressionEnd(s string) int {
	var open []byte // '{', '(' or '"' that are still open
	for i := 0; i < len(s); i++ {
		inText := len(open) > 0 && open[len(open)-1] == '"'
		switch c := s[i]; {
		case inText && c == '\\' && i+1 < len(s):
			if i++; s[i] == '(' {
				open = append(open, '(')
			}
		case c == '"' && inText, !inText && c == ')' && len(open) > 0 && open[len(open)-1] == '(':
			open = open[:len(open)-1]
		case inText:
		case c == '"', c == '{', c == '(':
			open = append(open, c)
		case c == '}':
			if len(open) == 0 {
				return i
			}
			open = open[:len(open)-1]
		case c == '#':
			for i+1 < len(s) && s[i+1] != '\n' && s[i+1] != '}' {
				i++
			}
		}
	}
	return -1
}

// compileTemplate compiles a value of a document; problems come with their place.
func (p *parser) template(n *node, vars []string) *template {
	switch n.kind {
	case listNode:
		t := &template{list: []*template{}}
		constant := true
		for _, item := range n.items {
			v := p.template(item, vars)
			constant = constant && v.isConstant()
			t.list = append(t.list, v)
		}
		if !constant {
			return t
		}
	case mapNode:
		t := &template{names: []string{}}
		constant := true
		for i, item := range n.items {
			v := p.template(item, vars)
			constant = constant && v.isConstant()
			t.names, t.values = append(t.names, n.keys[i].name), append(t.values, v)
		}
		if !constant {
			return t
		}
	default:
		if s, ok := n.scalar.(string); ok {
			t, err := compileText(s, vars, p.loose)
			if err == nil {
				return t
			}
			p.problem(n, err.Error(), "")
		}
	}
	return &template{constant: n.value()}
}

// expression compiles a string that is an expression with or without ${ } round it.
func (p *parser) expression(n *node, vars []string) *expr {
	s, ok := p.text(n)
	if !ok {
		return nil
	}
	source := strings.TrimSpace(s)
	if inner, cut := strings.CutPrefix(source, "${"); cut && expressionEnd(inner) == len(inner)-1 {
		source = inner[:len(inner)-1]
	}
	e, err := compileExpr(source, vars)
	if err != nil {
		p.problem(n, err.Error(), "")
		return nil
	}
	return e
}

// filter compiles what input.from, output.as and export.as hold: an expression or an object of them.
func (p *parser) filter(n *node, vars []string) *template {
	if n.kind == mapNode {
		return p.template(n, vars)
	}
	if e := p.expression(n, vars); e != nil {
		return &template{expr: e}
	}
	return nil
}
