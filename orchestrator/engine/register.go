package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"gantry/orchestrator/catalog"
	"gantry/orchestrator/flow"
)

// Register checks a workflow's document and keeps it. What it calls must be there:
// functions, and the workflows that it runs, itself aside. All mistakes come back
// at once, as flow.Problems with their places. The same version with other content
// is refused with catalog.ErrConflict.
func (e *Engine) Register(ctx context.Context, source []byte) (def *flow.Definition, err error) {
	err = e.store.Write(ctx, func(ctx context.Context, tx catalog.Tx) error {
		def, err = e.RegisterIn(ctx, tx, source)
		return err
	})
	return def, err
}

// RegisterIn is Register in the caller's transaction.
func (e *Engine) RegisterIn(ctx context.Context, tx catalog.Tx, source []byte) (*flow.Definition, error) {
	def, err := flow.Parse(source)
	if err != nil {
		return nil, err
	}
	problems := e.unknownFunctions(def, source)
	missing, err := unknownWorkflows(ctx, tx.Reader, def, source)
	if err != nil {
		return nil, err
	}
	if problems = append(problems, missing...); len(problems) > 0 {
		return nil, problems
	}
	d := def.Document
	_, err = tx.AddWorkflow(ctx, catalog.Workflow{Namespace: d.Namespace, Name: d.Name, Version: d.Version, Source: string(source), CreatedAt: e.now()})
	return def, err
}

func (e *Engine) unknownFunctions(def *flow.Definition, source []byte) (problems flow.Problems) {
	for _, name := range def.Calls() {
		if _, ok := e.options.Functions[name]; ok {
			continue
		}
		p := flow.Problem{
			Message:    fmt.Sprintf("there is no function %q", name),
			Suggestion: "there are " + strings.Join(slices.Sorted(maps.Keys(e.options.Functions)), ", "),
		}
		problems = append(problems, places(p, source, "call", func(n *yaml.Node) bool { return n.Value == name })...)
	}
	return problems
}

func unknownWorkflows(ctx context.Context, r catalog.Reader, def *flow.Definition, source []byte) (problems flow.Problems, err error) {
	for _, ref := range def.Workflows() {
		d := def.Document
		if ref.Namespace == d.Namespace && ref.Name == d.Name && (ref.Version == d.Version || ref.Version == "latest") {
			continue
		}
		_, err := newest(ctx, r, ref)
		if err == nil {
			continue
		}
		if !errors.Is(err, catalog.ErrNotFound) {
			return nil, err
		}
		p := flow.Problem{
			Message:    fmt.Sprintf("there is no workflow %s/%s in version %s", ref.Namespace, ref.Name, ref.Version),
			Suggestion: "register it first",
		}
		problems = append(problems, places(p, source, "workflow", func(n *yaml.Node) bool {
			return value(n, "namespace") == ref.Namespace && value(n, "name") == ref.Name
		})...)
	}
	return problems, nil
}

// places gives a problem at each place where a key has the value that is meant, and
// without a place if there is none.
func places(p flow.Problem, source []byte, key string, meant func(*yaml.Node) bool) (found flow.Problems) {
	var root yaml.Node
	if err := yaml.Unmarshal(source, &root); err == nil {
		walk(&root, func(k, v *yaml.Node) {
			if k.Value == key && meant(v) {
				here := p
				here.Line, here.Column = v.Line, v.Column
				found = append(found, here)
			}
		})
	}
	if len(found) == 0 {
		return flow.Problems{p}
	}
	return found
}

func walk(n *yaml.Node, visit func(key, value *yaml.Node)) {
	for i, child := range n.Content {
		if n.Kind == yaml.MappingNode && i%2 == 0 {
			visit(child, n.Content[i+1])
			continue
		}
		walk(child, visit)
	}
}

func value(n *yaml.Node, key string) string {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Kind == yaml.MappingNode && n.Content[i].Value == key {
			return n.Content[i+1].Value
		}
	}
	return ""
}
