package resource

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// maxProblems bounds what is said of one document.
const maxProblems = 20

// decode fills v, a pointer to a struct, from n. The error joins every field that v
// does not have and every value of another type, each with its place.
func decode(file string, firstLine int, n *yaml.Node, v any) error {
	f := &fitter{file: file, firstLine: firstLine}
	f.fit(n, reflect.TypeOf(v).Elem())
	if len(f.problems) > 0 {
		return errors.Join(f.problems...)
	}
	if err := n.Decode(v); err != nil {
		return syntaxProblem(file, firstLine, firstOf(err))
	}
	return nil
}

// firstOf gives the first of the mistakes that the YAML library lists.
func firstOf(err error) error {
	if t, ok := errors.AsType[*yaml.TypeError](err); ok && len(t.Errors) > 0 {
		return errors.New(t.Errors[0])
	}
	return err
}

var (
	nodeType        = reflect.TypeFor[yaml.Node]()
	timeType        = reflect.TypeFor[time.Time]()
	yamlUnmarshaler = reflect.TypeFor[yaml.Unmarshaler]()
	textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// A fitter compares a document with the type that it is for. The YAML library does
// so too, but passes over unknown fields and tells no columns.
type fitter struct {
	file      string
	firstLine int
	problems  []error
}

func (f *fitter) problem(n *yaml.Node, format string, args ...any) {
	f.problems = append(f.problems, problemAt(f.file, f.firstLine, n, format, args...))
}

func (f *fitter) fit(n *yaml.Node, t reflect.Type) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if n.Kind == yaml.DocumentNode && len(n.Content) == 1 {
		n = n.Content[0]
	}
	switch {
	case len(f.problems) >= maxProblems || t == nodeType || t.Kind() == reflect.Interface || isNull(n):
	case decodesItself(t):
		if err := n.Decode(reflect.New(t).Interface()); err != nil {
			f.problem(n, "%s", withoutPlace(firstOf(err)))
		}
	case t.Kind() == reflect.Struct:
		f.fitStruct(n, t)
	case t.Kind() == reflect.Map:
		f.fitMap(n, t)
	case t.Kind() == reflect.Slice:
		f.fitSlice(n, t)
	case n.Kind != yaml.ScalarNode || isWhole(t) && n.Tag != "!!int" || n.Decode(reflect.New(t).Interface()) != nil:
		f.problem(n, "here stands %s, not %s", scalarName(t), kindName(n))
	}
}

func (f *fitter) fitStruct(n *yaml.Node, t reflect.Type) {
	if n.Kind != yaml.MappingNode {
		f.problem(n, "here stand fields, as in name: value, not %s", kindName(n))
		return
	}
	fields := fieldsOf(t)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if field, ok := fields[key.Value]; ok {
			f.fit(n.Content[i+1], field)
		} else if len(f.problems) < maxProblems {
			f.problem(key, "unknown field %s%s", quote(key.Value), suggest(key.Value, fields))
		}
	}
}

func (f *fitter) fitMap(n *yaml.Node, t reflect.Type) {
	if n.Kind != yaml.MappingNode {
		f.problem(n, "here stand fields, as in name: value, not %s", kindName(n))
		return
	}
	for i := 1; i < len(n.Content); i += 2 {
		f.fit(n.Content[i], t.Elem())
	}
}

func (f *fitter) fitSlice(n *yaml.Node, t reflect.Type) {
	if n.Kind != yaml.SequenceNode {
		f.problem(n, "here stands a list, as in [a, b], not %s", kindName(n))
		return
	}
	for _, item := range n.Content {
		f.fit(item, t.Elem())
	}
}

func decodesItself(t reflect.Type) bool {
	pointer := reflect.PointerTo(t)
	return t == timeType || pointer.Implements(yamlUnmarshaler) || pointer.Implements(textUnmarshaler)
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

// isWhole tells whether a type takes whole numbers: the YAML library cuts others
// off without a word.
func isWhole(t reflect.Type) bool { return t.Kind() >= reflect.Int && t.Kind() <= reflect.Uint64 }

func scalarName(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return "a whole number"
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "a whole number from 0 on"
	case reflect.Float32, reflect.Float64:
		return "a number"
	default:
		return "a text"
	}
}

func kindName(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "fields"
	case yaml.SequenceNode:
		return "a list"
	default:
		return quote(n.Value)
	}
}

// quote shows a text of any length in a message.
func quote(text string) string {
	const most = 60
	if len(text) > most {
		return fmt.Sprintf("%q…", strings.ToValidUTF8(text[:most], ""))
	}
	return fmt.Sprintf("%q", text)
}

// fieldsOf gives the types of a struct's fields by their names in documents.
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
