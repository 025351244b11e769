package flow

import (
	"strconv"
	"strings"
)

// nodeKind is the shape of a node.
type nodeKind int

const (
	scalarNode nodeKind = iota
	listNode
	mapNode
)

// node is one value of a document with its place. YAML and JSON both load into it.
type node struct {
	kind         nodeKind
	line, column int
	pointer      string
	scalar       any // nil, bool, int, *big.Int, float64 or string
	items        []*node
	keys         []key
}

// key is a member's name with its place; its value is the item of the same index.
type key struct {
	name         string
	line, column int
}

// value gives the node as plain JSON data.
func (n *node) value() any {
	switch n.kind {
	case listNode:
		list := make([]any, len(n.items))
		for i, item := range n.items {
			list[i] = item.value()
		}
		return list
	case mapNode:
		m := make(map[string]any, len(n.items))
		for i, item := range n.items {
			m[n.keys[i].name] = item.value()
		}
		return m
	default:
		return n.scalar
	}
}

// what names the node's shape in a message.
func (n *node) what() string {
	switch n.kind {
	case listNode:
		return "a list"
	case mapNode:
		return "an object"
	}
	switch n.scalar.(type) {
	case nil:
		return "null"
	case bool:
		return "a boolean"
	case string:
		return "a string"
	default:
		return "a number"
	}
}

// childPointer appends one reference token (RFC 6901) to a JSON pointer.
func childPointer(pointer, token string) string {
	if strings.ContainsAny(token, "~/") {
		token = strings.NewReplacer("~", "~0", "/", "~1").Replace(token)
	}
	return pointer + "/" + token
}

// itemPointer appends an index to a JSON pointer.
func itemPointer(pointer string, index int) string {
	return pointer + "/" + strconv.Itoa(index)
}
