package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"

	"go.yaml.in/yaml/v3"
)

// printWith is print for a document that ends in a list which is too long for memory:
// head, which is an object, is followed by the field name with the items, each of them
// JSON.
func (a *app) printWith(w io.Writer, head any, name string, items iter.Seq2[[]byte, error], table func(w io.Writer) error) error {
	switch a.format {
	case "table":
		return table(w)
	case "json":
		return jsonWith(w, head, name, items)
	}
	if err := a.print(w, head, nil); err != nil {
		return err
	}
	return yamlItems(w, name, items)
}

func jsonWith(w io.Writer, head any, name string, items iter.Seq2[[]byte, error]) error {
	data, err := json.MarshalIndent(head, "", "  ")
	if err != nil {
		return err
	}
	data = bytes.TrimRight(bytes.TrimSuffix(data, []byte("}")), "\n")
	if len(data) > 1 {
		data = append(data, ',')
	}
	if _, err := fmt.Fprintf(w, "%s\n  %q: [", data, name); err != nil {
		return err
	}
	between, end := "\n    ", "]\n}\n"
	var text bytes.Buffer
	for item, err := range items {
		if err != nil {
			return err
		}
		text.Reset()
		if err := json.Indent(&text, item, "    ", "  "); err != nil {
			return err
		}
		if _, err := fmt.Fprintf(w, "%s%s", between, &text); err != nil {
			return err
		}
		between, end = ",\n    ", "\n  ]\n}\n"
	}
	_, err = io.WriteString(w, end)
	return err
}

func yamlItems(w io.Writer, name string, items iter.Seq2[[]byte, error]) error {
	some := false
	for item, err := range items {
		if err != nil {
			return err
		}
		if !some {
			fmt.Fprintln(w, name+":")
			some = true
		}
		var node yaml.Node
		if err := yaml.Unmarshal(item, &node); err != nil {
			return err
		}
		plainStyle(&node)
		e := yaml.NewEncoder(w)
		e.SetIndent(2)
		if err := errors.Join(e.Encode(&yaml.Node{Kind: yaml.SequenceNode, Content: node.Content}), e.Close()); err != nil {
			return err
		}
	}
	if !some {
		_, err := fmt.Fprintln(w, name+": []")
		return err
	}
	return nil
}

// streamed is columns for rows that are too many for memory: each thousand of them has
// columns as wide as they need.
func streamed(w io.Writer, heading string, rows iter.Seq2[[]string, error]) error {
	const atOnce = 1000
	var some [][]string
	first := true
	flush := func() (err error) {
		if len(some) > 0 {
			err = columnsBelow(w, heading, first, some)
			first, some = false, some[:0]
		}
		return err
	}
	for row, err := range rows {
		if err != nil {
			return err
		}
		if some = append(some, row); len(some) == atOnce {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return flush()
}
