package flow

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// The limits of a document. Aliases count as often as they are used.
const (
	maxDocument      = 1 << 20
	maxDocumentNodes = 100_000
	maxDocumentDepth = 200
)

// load reads YAML or JSON into nodes; there are none where the document cannot be read at all.
// What JSON cannot say is a problem.
func load(src []byte) (*node, Problems) {
	if len(src) > maxDocument {
		return nil, Problems{{Message: fmt.Sprintf("the document has %d bytes, the limit is %d", len(src), maxDocument)}}
	}
	if trimmed := bytes.TrimSpace(src); len(trimmed) > 0 && trimmed[0] == '{' && json.Valid(src) {
		return loadJSON(src)
	}
	return loadYAML(src)
}

// loader builds nodes within the limits of a document.
type loader struct {
	problems Problems
	count    int
	stopped  bool
}

func (l *loader) problem(line, column int, pointer, message, suggestion string) {
	l.problems = append(l.problems, Problem{line, column, pointer, message, suggestion})
}

// enter counts a node and says whether the document is still within its limits.
func (l *loader) enter(line, column int, pointer string, depth int) bool {
	if l.stopped {
		return false
	}
	l.count++
	switch {
	case l.count > maxDocumentNodes:
		l.problem(line, column, "", fmt.Sprintf("the document has more than %d values (aliases expanded)", maxDocumentNodes), "split it into sub-workflows")
	case depth > maxDocumentDepth:
		l.problem(line, column, "", fmt.Sprintf("values are nested more than %d levels deep", maxDocumentDepth), "")
	default:
		return true
	}
	l.stopped = true
	return false
}

// loaded gives the root, unless reading was stopped.
func (l *loader) loaded(n *node) (*node, Problems) {
	if l.stopped {
		n = nil
	}
	return n, l.problems
}

// addKey appends a member's name and refuses a second one of the same name.
func (l *loader) addKey(n *node, k key) {
	for _, other := range n.keys {
		if other.name == k.name {
			l.problem(k.line, k.column, childPointer(n.pointer, k.name), fmt.Sprintf("field %q appears twice", k.name), fmt.Sprintf("the first one is on line %d", other.line))
			break
		}
	}
	n.keys = append(n.keys, k)
}
