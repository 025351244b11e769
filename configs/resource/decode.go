package resource

import (
	"encoding"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

const (
	maxDepth = 64
	maxNodes = 100_000
)

// checkNode refuses what JSON does not have (aliases, merge keys, duplicate and
// non-string keys) and documents that are nested or large beyond reason.
func checkNode(file string, firstLine int, root *yaml.Node) error {
	count := 0
	var walk func(n *yaml.Node, depth int) error
	walk = func(n *yaml.Node, depth int) error {
		at := func(message string) error {
			return &Problem{File: file, Line: n.Line + firstLine - 1, Column: n.Column, Message: message}
		}
		count++
		switch {
		case depth > maxDepth || count > maxNodes:
			return at(errTooDeep.Error())
		case n.Kind == yaml.AliasNode || n.Anchor != "":
			return at("anchors and aliases are not used here: write the value out")
		}
		if n.Kind == yaml.MappingNode {
			seen := map[string]bool{}
			for i := 0; i < len(n.Content); i += 2 {
				key := n.Content[i]
				if key.Kind != yaml.ScalarNode || seen[key.Value] {
					n = key
					return at(fmt.Sprintf("the key %q is given twice or is not a word", key.Value))
				}
				seen[key.Value] = true
			}
		}
		for _, child := range n.Content {
			if err := walk(child, depth+1); err != nil {
				return err
			}
		}
		return nil
	}
	return walk(root, 0)
}

// decode fills v from n, and finds fields that v does not have with their place.
func decode(file string, firstLine int, n *yaml.Node, v any) error {
	if err := unknownFields(file, firstLine, n, reflect.TypeOf(v).Elem()); err != nil {
		return err
	}
	if err := n.Decode(v); err != nil {
		return syntaxProblem(file, firstLine, firstOf(err))
	}
	return nil
}

func firstOf(err error) error {
	if t, ok := err.(*yaml.TypeError); ok && len(t.Errors) > 0 {
		return fmt.Errorf("%s", t.Errors[0])
	}
	return err
}

var (
	nodeType        = reflect.TypeFor[yaml.Node]()
	timeType        = reflect.TypeFor[time.Time]()
	yamlUnmarshaler = reflect.TypeFor[yaml.Unmarshaler]()
	textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()
)

func unknownFields(file string, firstLine int, n *yaml.Node, t reflect.Type) error {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if n.Kind == yaml.DocumentNode && len(n.Content) == 1 {
		return unknownFields(file, firstLine, n.Content[0], t)
	}
	if t == nodeType || t == timeType || reflect.PointerTo(t).Implements(yamlUnmarshaler) || reflect.PointerTo(t).Implements(textUnmarshaler) {
		return nil
	}
	switch {
	case t.Kind() == reflect.Struct && n.Kind == yaml.MappingNode:
		fields := fieldsOf(t)
		for i := 0; i+1 < len(n.Content); i += 2 {
			key := n.Content[i]
			field, ok := fields[key.Value]
			if !ok {
				return &Problem{
					File: file, Line: key.Line + firstLine - 1, Column: key.Column,
					Message: fmt.Sprintf("unknown field %q%s", key.Value, suggest(key.Value, fields)),
				}
			}
			if err := unknownFields(file, firstLine, n.Content[i+1], field); err != nil {
				return err
			}
		}
	case t.Kind() == reflect.Slice && n.Kind == yaml.SequenceNode:
		for _, item := range n.Content {
			if err := unknownFields(file, firstLine, item, t.Elem()); err != nil {
				return err
			}
		}
	case t.Kind() == reflect.Map && n.Kind == yaml.MappingNode:
		for i := 1; i < len(n.Content); i += 2 {
			if err := unknownFields(file, firstLine, n.Content[i], t.Elem()); err != nil {
				return err
			}
		}
	}
	return nil
}

func fieldsOf(t reflect.Type) map[string]reflect.Type {
	fields := map[string]reflect.Type{}
	for f := range t.Fields() {
		if !f.IsExported() {
			continue
		}
		name, options, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		switch {
		case name == "-":
		case strings.Contains(options, "inline"):
			for inner, innerType := range fieldsOf(f.Type) {
				fields[inner] = innerType
			}
		case name == "":
			fields[strings.ToLower(f.Name)] = f.Type
		default:
			fields[name] = f.Type
		}
	}
	return fields
}

func suggest(wrong string, fields map[string]reflect.Type) string {
	names := make([]string, 0, len(fields))
	for name := range fields {
		names = append(names, name)
	}
	slices.Sort(names)
	best, bestDistance := "", len(wrong)/2+1
	for _, name := range names {
		if d := distance(wrong, name); d < bestDistance {
			best, bestDistance = name, d
		}
	}
	if best != "" {
		return fmt.Sprintf(": did you mean %q?", best)
	}
	return ": known are " + strings.Join(names, ", ")
}

// distance is Levenshtein's.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal, row[j+1] = row[j+1], min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
