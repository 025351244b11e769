package flow

import (
	"strings"
)

// A template is a value of a document whose strings may hold expressions: ${ … } alone gives its
// value as it is, within a longer text it is put in as text.
type template struct {
	constant any // where nothing has to be evaluated
	expr     *expr
	text     []*template // a text in pieces
	list     []*template
	names    []string // of an object
	values   []*template
}

func (t *template) isConstant() bool {
	return t.expr == nil && t.text == nil && t.list == nil && t.names == nil
}

// evaluator gives the value of an expression in some place of a run.
type evaluator func(*expr) (any, *Error)

// run evaluates the template. What is put together of several values stays within the limits of one.
func (t *template) run(eval evaluator) (any, *Error) {
	v, err := t.fill(eval)
	if err != nil || t.list == nil && t.names == nil {
		return v, err
	}
	v, failure := canonical(v)
	if failure != nil {
		return nil, newError(TypeExpression, "%s", failure)
	}
	return v, nil
}

func (t *template) fill(eval evaluator) (any, *Error) {
	switch {
	case t.expr != nil:
		return eval(t.expr)
	case t.text != nil:
		return t.runText(eval)
	case t.list != nil:
		list := make([]any, len(t.list))
		for i, item := range t.list {
			v, err := item.fill(eval)
			if err != nil {
				return nil, err
			}
			list[i] = v
		}
		return list, nil
	case t.names != nil:
		m := make(map[string]any, len(t.names))
		for i, name := range t.names {
			v, err := t.values[i].fill(eval)
			if err != nil {
				return nil, err
			}
			m[name] = v
		}
		return m, nil
	}
	return t.constant, nil
}

func (t *template) runText(eval evaluator) (any, *Error) {
	var b strings.Builder
	for _, piece := range t.text {
		v, err := piece.fill(eval)
		if err != nil {
			return nil, err
		}
		if s, ok := v.(string); ok {
			b.WriteString(s)
		} else {
			b.Write(encode(v))
		}
		if b.Len() > maxLength {
			return nil, newError(TypeExpression, "the text is longer than %d bytes", maxLength)
		}
	}
	return b.String(), nil
}
