package flow

import (
	"bytes"
	"encoding/json"
	"sort"
	"strings"
)

// loadJSON reads a document that is known to be valid JSON.
func loadJSON(src []byte) (*node, Problems) {
	l := &jsonLoader{src: src, dec: json.NewDecoder(bytes.NewReader(src))}
	l.dec.UseNumber()
	for i, c := range src {
		if c == '\n' {
			l.lines = append(l.lines, i)
		}
	}
	return l.loaded(l.node("", 0))
}

type jsonLoader struct {
	loader
	src   []byte
	lines []int // offsets of the line ends
	dec   *json.Decoder
}

// place gives line and column of the next token.
func (l *jsonLoader) place() (line, column int) {
	at := int(l.dec.InputOffset())
	for at < len(l.src) && strings.IndexByte(" \t\r\n,:", l.src[at]) >= 0 {
		at++
	}
	line = sort.SearchInts(l.lines, at)
	if line == 0 {
		return 1, at + 1
	}
	return line + 1, at - l.lines[line-1]
}

func (l *jsonLoader) node(pointer string, depth int) *node {
	line, column := l.place()
	n := &node{line: line, column: column, pointer: pointer}
	if !l.enter(line, column, pointer, depth) {
		return n
	}
	token, err := l.dec.Token()
	if err != nil {
		l.problem(line, column, pointer, err.Error(), "")
		l.stopped = true
		return n
	}
	switch token {
	case json.Delim('['):
		n.kind = listNode
		for !l.stopped && l.dec.More() {
			n.items = append(n.items, l.node(itemPointer(pointer, len(n.items)), depth+1))
		}
	case json.Delim('{'):
		n.kind = mapNode
		for !l.stopped && l.dec.More() {
			line, column := l.place()
			name, err := l.dec.Token()
			if err != nil {
				l.stopped = true
				return n
			}
			l.addKey(n, key{name.(string), line, column})
			n.items = append(n.items, l.node(childPointer(pointer, name.(string)), depth+1))
		}
	default:
		n.scalar = token
		if number, ok := token.(json.Number); ok {
			n.scalar = canonicalNumber(string(number))
		}
		return n
	}
	if !l.stopped {
		_, _ = l.dec.Token() // the closing bracket: the text is valid
	}
	return n
}
