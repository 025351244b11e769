// Package template renders the short templates of documents: paths, names and
// metadata. It is text/template with every printed value escaped for the format,
// and with bounds on the work and on the result, so that no document that a person
// writes can keep the process busy or fill its memory.
package template

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"text/template"
	"text/template/parse"
)

// An Escaper makes a printed value safe in a format.
type Escaper func(v any) (string, error)

// Plain prints a value as it is.
func Plain(v any) (string, error) { return fmt.Sprint(v), nil }

// XML makes a value safe in text and in attributes.
func XML(v any) (string, error) {
	var b bytes.Buffer
	err := xml.EscapeText(&b, []byte(fmt.Sprint(v)))
	return b.String(), err
}

// JSON gives a whole JSON value, quotes included.
func JSON(v any) (string, error) {
	data, err := json.Marshal(v)
	return string(data), err
}

// Render runs a template of data in which every printed value goes through escape.
// All functions of text/template are there but html, js, urlquery and call; define,
// block and template are refused, and so is a field or a key that data has not. A
// template that does more than a short document needs fails with an error. It may
// be used by many goroutines at once.
func Render(text string, escape Escaper, data any) (string, error) {
	work := &budget{left: maxWork}
	functions := template.FuncMap{
		escapeName: escape, turnName: work.turn,
		"print": work.print, "println": work.println, "printf": work.printf,
		"html": needless, "js": needless, "urlquery": needless, "call": needless,
	}
	t, err := template.New("").Option("missingkey=error").Funcs(functions).Parse(text)
	if err != nil {
		return "", err
	}
	if len(t.Templates()) > 1 || (t.Tree != nil && calls(t.Root)) {
		return "", errors.New("define, block and template are not used here: write the text out")
	}
	if t.Tree == nil {
		return "", nil
	}
	rewrite(t.Root)
	var out limited
	if err := t.Execute(&out, data); err != nil {
		return "", err
	}
	return out.String(), nil
}

func needless(...any) (string, error) {
	return "", errors.New("it is not used here: values are escaped by themselves")
}

// The names of functions that only rewrite puts in.
const (
	escapeName = "_escape"
	turnName   = "_turn"
)

// rewrite has every pipeline that prints escaped, and every turn of a loop counted.
func rewrite(n parse.Node) {
	switch n := n.(type) {
	case *parse.ListNode:
		if n == nil {
			return
		}
		for _, child := range n.Nodes {
			rewrite(child)
		}
	case *parse.ActionNode:
		if len(n.Pipe.Decl) == 0 {
			n.Pipe.Cmds = append(n.Pipe.Cmds, command(escapeName, n.Pos))
		}
	case *parse.IfNode:
		rewrite(n.List)
		rewrite(n.ElseList)
	case *parse.WithNode:
		rewrite(n.List)
		rewrite(n.ElseList)
	case *parse.RangeNode:
		rewrite(n.List)
		rewrite(n.ElseList)
		turn := &parse.ActionNode{NodeType: parse.NodeAction, Pos: n.Pos, Line: n.Line, Pipe: &parse.PipeNode{
			NodeType: parse.NodePipe, Pos: n.Pos, Line: n.Line, Cmds: []*parse.CommandNode{command(turnName, n.Pos)},
		}}
		n.List.Nodes = append([]parse.Node{turn}, n.List.Nodes...)
	}
}

func command(name string, pos parse.Pos) *parse.CommandNode {
	return &parse.CommandNode{NodeType: parse.NodeCommand, Pos: pos, Args: []parse.Node{parse.NewIdentifier(name).SetPos(pos)}}
}

// calls tells whether a template runs another one, which could be itself.
func calls(n parse.Node) bool {
	switch n := n.(type) {
	case *parse.TemplateNode:
		return true
	case *parse.ListNode:
		if n == nil {
			return false
		}
		for _, child := range n.Nodes {
			if calls(child) {
				return true
			}
		}
	case *parse.IfNode:
		return calls(n.List) || calls(n.ElseList)
	case *parse.WithNode:
		return calls(n.List) || calls(n.ElseList)
	case *parse.RangeNode:
		return calls(n.List) || calls(n.ElseList)
	}
	return false
}
