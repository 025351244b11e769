package hub

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"gantry/orchestrator/flow"
	"gantry/orchestrator/function"
	"gantry/orchestrator/resources"
)

// checkArguments finds what is wrong with the arguments of a workflow's calls as
// far as they are written out: fields that the function does not have or lacks, and
// names of documents that there are not. What an expression gives, only the run
// knows.
func checkArguments(source []byte, functions map[string]function.Function, set *resources.Set) (problems flow.Problems) {
	var root yaml.Node
	if yaml.Unmarshal(source, &root) != nil {
		return nil // its mistakes are told elsewhere
	}
	var walk func(n *yaml.Node)
	walk = func(n *yaml.Node) {
		if f, ok := functions[text(child(n, "call"))]; ok && f.Input != nil {
			problems = append(problems, checkCall(f, n, child(n, "with"), set)...)
		}
		for _, each := range n.Content {
			walk(each)
		}
	}
	walk(&root)
	return problems
}

func checkCall(f function.Function, task, with *yaml.Node, set *resources.Set) (problems flow.Problems) {
	at := func(n *yaml.Node, format string, args ...any) {
		problems = append(problems, flow.Problem{Line: n.Line, Column: n.Column, Message: fmt.Sprintf(format, args...)})
	}
	if with != nil && with.Kind != yaml.MappingNode {
		return nil // an expression
	}
	for _, name := range f.Input.Required {
		if child(with, name) == nil {
			at(task, "%s needs the argument %q", f.Name, name)
		}
	}
	if with == nil {
		return problems
	}
	for i := 0; i+1 < len(with.Content); i += 2 {
		key, value := with.Content[i], with.Content[i+1]
		if _, ok := f.Input.Properties[key.Value]; !ok {
			at(key, "%s has no argument %q: it has %s", f.Name, key.Value, strings.Join(slices.Sorted(maps.Keys(f.Input.Properties)), ", "))
		}
		for _, n := range names(value) {
			kind := function.References[key.Value]
			if _, ok := set.Document(kind, n.Value); kind != "" && !ok {
				at(n, "there is no %s %q: apply one of that name, or correct it", kind, n.Value)
			}
		}
	}
	return problems
}

// names gives the words of a value, or of a list of them, that are written out.
func names(value *yaml.Node) (list []*yaml.Node) {
	nodes := []*yaml.Node{value}
	if value.Kind == yaml.SequenceNode {
		nodes = value.Content
	}
	for _, n := range nodes {
		if n.Kind == yaml.ScalarNode && n.Tag == "!!str" && !strings.Contains(n.Value, "${") {
			list = append(list, n)
		}
	}
	return list
}

// child gives the value of a mapping's key, nil if there is none.
func child(n *yaml.Node, key string) *yaml.Node {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

func text(n *yaml.Node) string {
	if n == nil || n.Kind != yaml.ScalarNode {
		return ""
	}
	return n.Value
}
