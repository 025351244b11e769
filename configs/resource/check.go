package resource

import (
	"fmt"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

const (
	maxDepth = 64
	maxNodes = 100_000
)

// checkText refuses what is no UTF-8, with the place of the first wrong byte.
func checkText(file string, d Document) error {
	line, column := d.Line, 1
	for rest := d.Text; len(rest) > 0; {
		r, size := utf8.DecodeRune(rest)
		switch {
		case r == utf8.RuneError && size <= 1:
			return &Problem{File: file, Line: line, Column: column, Message: fmt.Sprintf("the byte 0x%02x is no UTF-8: save the file as UTF-8", rest[0])}
		case r == '\n':
			line, column = line+1, 1
		default:
			column++
		}
		rest = rest[size:]
	}
	return nil
}

// A structure refuses what JSON does not have (aliases, tags, merge keys, duplicate
// keys, keys that are no words) and documents that are nested or large beyond reason.
type structure struct {
	file      string
	firstLine int
	nodes     int
}

func (s *structure) check(n *yaml.Node, depth int) error {
	s.nodes++
	switch {
	case depth > maxDepth:
		return s.problem(n, "the document is nested more than %d deep", maxDepth)
	case s.nodes > maxNodes:
		return s.problem(n, "the document has more than %d parts: make several of it", maxNodes)
	case n.Kind == yaml.AliasNode || n.Anchor != "":
		return s.problem(n, "anchors and aliases are not used here: write the value out")
	case n.Style&yaml.TaggedStyle != 0:
		return s.problem(n, "the tag %s is not used here: write the value alone", n.Tag)
	case n.Kind == yaml.MappingNode:
		if err := s.keys(n); err != nil {
			return err
		}
	}
	for _, child := range n.Content {
		if err := s.check(child, depth+1); err != nil {
			return err
		}
	}
	return nil
}

func (s *structure) keys(n *yaml.Node) error {
	seen := map[string]bool{}
	for i := 0; i < len(n.Content); i += 2 {
		switch key := n.Content[i]; {
		case key.Kind != yaml.ScalarNode:
			return s.problem(key, "a field's name is a word, not a list or an object")
		case key.Tag == "!!merge":
			return s.problem(key, "merge keys are not used here: write the fields out")
		case seen[key.Value]:
			return s.problem(key, "the field %s is given twice", quote(key.Value))
		default:
			seen[key.Value] = true
		}
	}
	return nil
}

func (s *structure) problem(n *yaml.Node, format string, args ...any) error {
	return problemAt(s.file, s.firstLine, n, format, args...)
}
