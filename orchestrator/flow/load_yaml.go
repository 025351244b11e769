package flow

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/big"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// loadYAML reads one YAML 1.2 document (core schema).
func loadYAML(src []byte) (*node, Problems) {
	dec := yaml.NewDecoder(bytes.NewReader(src))
	var doc, more yaml.Node
	if err := dec.Decode(&doc); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, Problems{{Message: "the document is empty"}}
		}
		return nil, Problems{yamlProblem(err)}
	}
	if err := dec.Decode(&more); err == nil {
		return nil, Problems{{Line: more.Line, Column: more.Column, Message: "a second document follows", Suggestion: "keep one workflow a file"}}
	} else if !errors.Is(err, io.EOF) {
		return nil, Problems{yamlProblem(err)}
	}
	if len(doc.Content) != 1 {
		return nil, Problems{{Message: "the document is empty"}}
	}
	l := &yamlLoader{}
	return l.loaded(l.node(doc.Content[0], "", 0))
}

var yamlLine = regexp.MustCompile(`^line (\d+): `)

func yamlProblem(err error) Problem {
	message := strings.TrimPrefix(err.Error(), "yaml: ")
	p := Problem{Message: message}
	if m := yamlLine.FindStringSubmatch(message); m != nil {
		p.Line, _ = strconv.Atoi(m[1])
		p.Column = 1
		p.Message = message[len(m[0]):]
	}
	p.Message = "not valid YAML: " + p.Message
	return p
}

type yamlLoader struct{ loader }

func (l *yamlLoader) node(y *yaml.Node, pointer string, depth int) *node {
	n := &node{line: y.Line, column: y.Column, pointer: pointer}
	if !l.enter(y.Line, y.Column, pointer, depth) {
		return n
	}
	if y.Kind != yaml.ScalarNode && y.Style&yaml.TaggedStyle != 0 {
		l.foreignTag(y, pointer)
	}
	switch y.Kind {
	case yaml.AliasNode:
		target := l.node(y.Alias, pointer, depth+1)
		target.line, target.column = y.Line, y.Column
		return target
	case yaml.SequenceNode:
		n.kind = listNode
		for i, item := range y.Content {
			n.items = append(n.items, l.node(item, itemPointer(pointer, i), depth+1))
		}
	case yaml.MappingNode:
		n.kind = mapNode
		for i := 0; i+1 < len(y.Content) && !l.stopped; i += 2 {
			l.member(n, y.Content[i], y.Content[i+1], depth)
		}
	default:
		n.scalar = l.scalar(y, pointer)
	}
	return n
}

func (l *yamlLoader) member(n *node, k, v *yaml.Node, depth int) {
	at := k
	if k.Kind == yaml.AliasNode {
		k = k.Alias
	}
	if k.Kind != yaml.ScalarNode {
		l.problem(at.Line, at.Column, n.pointer, "a field's name must be a string", "")
		return
	}
	if k.Style == 0 && k.Value == "<<" {
		l.problem(at.Line, at.Column, n.pointer, "merge keys (<<) are not YAML 1.2", "write the fields out, or use an alias for the whole value")
		return
	}
	name, ok := l.scalar(k, n.pointer).(string)
	if !ok {
		l.problem(at.Line, at.Column, n.pointer, fmt.Sprintf("field name %s is not a string", k.Value), fmt.Sprintf("quote it: %q", k.Value))
		return
	}
	l.addKey(n, key{name, at.Line, at.Column})
	n.items = append(n.items, l.node(v, childPointer(n.pointer, name), depth+1))
}

// scalar resolves a scalar by the core schema of YAML 1.2, whatever the parser made of it.
func (l *yamlLoader) scalar(y *yaml.Node, pointer string) any {
	if y.Style&yaml.TaggedStyle != 0 && y.Tag != "!!str" {
		l.foreignTag(y, pointer)
		return y.Value
	}
	if y.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle|yaml.TaggedStyle) != 0 {
		return y.Value
	}
	v, ok := coreScalar(y.Value)
	if !ok {
		l.problem(y.Line, y.Column, pointer, fmt.Sprintf("%s is not a number that JSON knows", y.Value), "quote it if it is a string")
	}
	return v
}

func (l *yamlLoader) foreignTag(y *yaml.Node, pointer string) {
	l.problem(y.Line, y.Column, pointer, fmt.Sprintf("the tag %s has no meaning here", y.Tag), "leave it out")
}

var (
	yamlInt   = regexp.MustCompile(`^[-+]?[0-9]+$`)
	yamlFloat = regexp.MustCompile(`^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$`)
	yamlNaN   = regexp.MustCompile(`^([-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))$`)
	yamlBased = regexp.MustCompile(`^(0o[0-7]+|0x[0-9a-fA-F]+)$`)
)

// coreScalar resolves a plain scalar; it is false for infinities and NaN.
func coreScalar(s string) (any, bool) {
	switch s {
	case "", "~", "null", "Null", "NULL":
		return nil, true
	case "true", "True", "TRUE":
		return true, true
	case "false", "False", "FALSE":
		return false, true
	}
	if c := s[0]; c != '.' && c != '+' && c != '-' && (c < '0' || c > '9') {
		return s, true
	}
	switch {
	case yamlInt.MatchString(s), yamlFloat.MatchString(s):
		return canonicalNumber(strings.TrimPrefix(s, "+")), true
	case yamlBased.MatchString(s):
		i, ok := new(big.Int).SetString(s[2:], map[byte]int{'o': 8, 'x': 16}[s[1]])
		return canonicalNumber(i.String()), ok
	case yamlNaN.MatchString(s):
		return s, false
	}
	return s, true
}
