package main

import (
	"encoding/json"
	"fmt"
	"io"

	"go.yaml.in/yaml/v3"
)

func checkFormat(format string) error {
	switch format {
	case "table", "json", "yaml":
		return nil
	}
	return fmt.Errorf("output is %q: write table, json or yaml", format)
}

// print writes v as JSON or YAML, or calls table for people.
func (a *app) print(w io.Writer, v any, table func(w io.Writer) error) error {
	if a.format == "table" {
		return table(w)
	}
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	if a.format == "json" {
		_, err = fmt.Fprintf(w, "%s\n", data)
		return err
	}
	// By way of JSON, so that both have the same names.
	var node yaml.Node
	if err := yaml.Unmarshal(data, &node); err != nil {
		return err
	}
	plainStyle(&node)
	e := yaml.NewEncoder(w)
	e.SetIndent(2)
	if err := e.Encode(&node); err != nil {
		return err
	}
	return e.Close()
}

// plainStyle turns the flow style of JSON into indented YAML.
func plainStyle(n *yaml.Node) {
	n.Style &^= yaml.FlowStyle
	if n.Kind == yaml.ScalarNode && n.Tag == "!!str" {
		n.Style = 0 // the encoder quotes where it has to
	}
	for _, child := range n.Content {
		plainStyle(child)
	}
}
