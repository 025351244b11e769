package flow

import (
	"reflect"

	"github.com/itchyny/gojq"
)

// guardQuery puts the guards into a query.
func guardQuery(q *gojq.Query) { guardWalk(reflect.ValueOf(q)) }

func guardWalk(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return
		}
		guardWalk(v.Elem())
		switch n := v.Interface().(type) {
		case *gojq.Query:
			guardOperator(n)
		case *gojq.Term:
			guardTerm(n)
		case *gojq.Index:
			if n.Start != nil && !n.IsSlice {
				n.Start = pipe(n.Start, call(guardIndex))
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			guardWalk(v.Field(i))
		}
	case reflect.Slice:
		for i := range v.Len() {
			guardWalk(v.Index(i))
		}
	}
}

func guardOperator(q *gojq.Query) {
	switch q.Op {
	case gojq.OpAdd:
		sum := *q
		sum.FuncDefs = nil
		*q = gojq.Query{FuncDefs: q.FuncDefs, Left: group(&sum), Op: gojq.OpPipe, Right: call(guardSize)}
	case gojq.OpMul:
		item := func(i string) *gojq.Query {
			return &gojq.Query{Term: &gojq.Term{Type: gojq.TermTypeIndex, Index: &gojq.Index{
				Start: &gojq.Query{Term: &gojq.Term{Type: gojq.TermTypeNumber, Number: i}},
			}}}
		}
		product := &gojq.Query{Left: item("0"), Op: gojq.OpMul, Right: item("1")}
		*q = gojq.Query{FuncDefs: q.FuncDefs, Left: call(guardPair, q.Left, q.Right), Op: gojq.OpPipe, Right: product}
	case gojq.OpEq, gojq.OpNe, gojq.OpGt, gojq.OpLt, gojq.OpGe, gojq.OpLe, gojq.OpSub:
		if !isLiteral(q.Left) && !isLiteral(q.Right) {
			q.Left, q.Right = pipe(q.Left, call(guardWhole)), pipe(q.Right, call(guardWhole))
		}
	case gojq.OpUpdateAdd, gojq.OpUpdateMul:
		q.Right = pipe(group(q.Right), call(guardSize))
	}
}

func guardTerm(t *gojq.Term) {
	before, after := false, false
	switch t.Type {
	case gojq.TermTypeString:
		after = len(t.Str.Queries) > 0
	case gojq.TermTypeFormat:
		before, after = true, true
	case gojq.TermTypeFunc:
		before, after = walking[t.Func.Name], growing[t.Func.Name]
		if t.Func.Name == "getpath" || t.Func.Name == "setpath" || t.Func.Name == "delpaths" {
			for i, arg := range t.Func.Args[:min(1, len(t.Func.Args))] {
				t.Func.Args[i] = pipe(arg, call("map", call(guardIndex)))
			}
		}
	}
	if !before && !after {
		return
	}
	inner := *t
	inner.SuffixList = nil
	q := &gojq.Query{Term: &inner}
	if before {
		q = pipe(call(guardWhole), q)
	}
	if after {
		q = pipe(q, call(guardSize))
	}
	*t = gojq.Term{Type: gojq.TermTypeQuery, Query: q, SuffixList: t.SuffixList}
}

func call(name string, args ...*gojq.Query) *gojq.Query {
	return &gojq.Query{Term: &gojq.Term{Type: gojq.TermTypeFunc, Func: &gojq.Func{Name: name, Args: args}}}
}

func pipe(l, r *gojq.Query) *gojq.Query {
	return &gojq.Query{Left: group(l), Op: gojq.OpPipe, Right: r}
}

func group(q *gojq.Query) *gojq.Query {
	return &gojq.Query{Term: &gojq.Term{Type: gojq.TermTypeQuery, Query: q}}
}

// isLiteral is true for a scalar that is written out.
func isLiteral(q *gojq.Query) bool {
	if q.Term == nil || len(q.Term.SuffixList) > 0 {
		return false
	}
	switch q.Term.Type {
	case gojq.TermTypeNull, gojq.TermTypeTrue, gojq.TermTypeFalse, gojq.TermTypeNumber:
		return true
	case gojq.TermTypeString:
		return len(q.Term.Str.Queries) == 0
	}
	return false
}
