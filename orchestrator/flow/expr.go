package flow

import (
	"fmt"
	"slices"
	"strings"

	"github.com/itchyny/gojq"
)

// maxExpression limits the text of one expression, and so how deep its syntax can nest.
const maxExpression = 16 << 10

// expr is a compiled jq expression. It is safe for concurrent use.
type expr struct {
	source string
	code   *gojq.Code
	vars   []string // the variables that it uses, without the dollar sign
	fields []string // set for .a.b.c and ., which need no interpreter
	simple bool
	loose  bool // where evaluation fails, the source is the value (evaluate.mode: loose)
}

// compileExpr compiles source, which may use the given variables.
func compileExpr(source string, vars []string) (*expr, error) {
	if len(source) > maxExpression {
		return nil, fmt.Errorf("the expression has %d bytes, the limit is %d", len(source), maxExpression)
	}
	query, err := gojq.Parse(source)
	if err != nil {
		return nil, fmt.Errorf("jq: %w", err)
	}
	used := walkQuery(query)
	if err := used.check(vars); err != nil {
		return nil, err
	}
	e := &expr{source: strings.TrimSpace(source)}
	if e.fields, e.simple = fieldPath(query); e.simple {
		return e, nil
	}
	guardQuery(query)
	options := guardFunctions()
	var names []string
	for _, v := range vars {
		if used.names["$"+v] && !slices.Contains(e.vars, v) {
			e.vars = append(e.vars, v)
			names = append(names, "$"+v)
		}
	}
	options = append(options, gojq.WithVariables(names))
	if e.code, err = gojq.Compile(query, options...); err != nil {
		return nil, fmt.Errorf("jq: %w", err)
	}
	return e, nil
}

// run evaluates the expression on input; value gives its variables. It must give exactly one value.
func (e *expr) run(input any, value func(name string) any, fuel *fuel) (any, error) {
	if e.simple {
		if v, ok := lookUp(input, e.fields); ok {
			return v, nil
		}
		return nil, fmt.Errorf("%s: the input has no fields: it is %s", e.source, excerpt(input))
	}
	args := make([]any, len(e.vars))
	for i, name := range e.vars {
		args[i] = value(name)
	}
	results := e.code.RunWithContext(fuel, input, args...)
	v, ok := results.Next()
	if !ok {
		return nil, fmt.Errorf("%s: gives no value", e.source)
	}
	if err, failed := v.(error); failed {
		return nil, fmt.Errorf("%s: %w", e.source, err)
	}
	if _, more := results.Next(); more {
		return nil, fmt.Errorf("%s: gives more than one value; collect them with [ ]", e.source)
	}
	v, err := canonical(v)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", e.source, err)
	}
	return v, nil
}

// fieldPath gives the names of a query that is only . or a chain of fields.
func fieldPath(q *gojq.Query) ([]string, bool) {
	if q.Term == nil || len(q.FuncDefs) > 0 || len(q.Imports) > 0 || q.Meta != nil {
		return nil, false
	}
	var fields []string
	indices := []*gojq.Index{}
	switch q.Term.Type {
	case gojq.TermTypeIdentity:
	case gojq.TermTypeIndex:
		indices = append(indices, q.Term.Index)
	default:
		return nil, false
	}
	for _, s := range q.Term.SuffixList {
		if s.Index == nil {
			return nil, false
		}
		indices = append(indices, s.Index)
	}
	for _, i := range indices {
		if i.Name == "" {
			return nil, false
		}
		fields = append(fields, i.Name)
	}
	return fields, true
}

// lookUp follows names through objects; a missing field and a field of null are null, as in jq.
func lookUp(v any, fields []string) (any, bool) {
	for _, name := range fields {
		switch m := v.(type) {
		case nil:
		case map[string]any:
			v = m[name]
		default:
			return nil, false
		}
	}
	return v, true
}

// excerpt shows the beginning of a value in a message.
func excerpt(v any) string {
	s := string(encode(v))
	if len(s) > 60 {
		s = strings.ToValidUTF8(s[:60], "") + "…"
	}
	return s
}

// truthy is jq's notion of truth: all but null and false.
func truthy(v any) bool { return v != nil && v != false }
