// Package resource reads the documents that configure Gantry: YAML with an
// apiVersion, a kind, a name and a spec, strictly. Every mistake is reported with
// the document's name, line and column, and what would be right.
package resource

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"

	"go.yaml.in/yaml/v3"
)

// Version is the apiVersion of every document of this release.
const Version = "gantry/v1"

// MaxSize is the longest input that Parse reads, in bytes.
const MaxSize = 1 << 20

// A Resource is one document.
type Resource struct {
	Kind   string
	Name   string
	Labels map[string]string
	Spec   *yaml.Node // decode it with Resource.Decode

	File   string // where it was read
	Line   int    // of its first line in File
	Source []byte // the document as it was written
}

// Ref names the resource as people do: Kind/name.
func (r Resource) Ref() string { return r.Kind + "/" + r.Name }

var validName = regexp.MustCompile(`^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$`)

// Parse reads all documents of a stream. file names the stream in messages. The
// error joins every mistake found.
func Parse(file string, data []byte) ([]Resource, error) {
	if len(data) > MaxSize {
		return nil, &Problem{File: file, Line: 1, Column: 1, Message: "the file is larger than 1 MiB"}
	}
	var (
		resources []Resource
		problems  []error
	)
	for _, document := range Split(data) {
		r, err := ParseDocument(file, document)
		switch {
		case err != nil:
			problems = append(problems, err)
		case r != nil:
			resources = append(resources, *r)
		}
	}
	return resources, errors.Join(problems...)
}

// ParseDocument reads one document of a stream. It returns nil for one that holds
// nothing but comments.
func ParseDocument(file string, d Document) (*Resource, error) {
	var root yaml.Node
	err := yaml.NewDecoder(bytes.NewReader(d.Text)).Decode(&root)
	if errors.Is(err, io.EOF) {
		return nil, nil // only comments
	}
	if err != nil {
		return nil, syntaxProblem(file, d.Line, err)
	}
	if err := checkNode(file, d.Line, &root); err != nil {
		return nil, err
	}
	var envelope struct {
		APIVersion string `yaml:"apiVersion"`
		Kind       string `yaml:"kind"`
		Metadata   struct {
			Name   string            `yaml:"name"`
			Labels map[string]string `yaml:"labels"`
		} `yaml:"metadata"`
		Spec yaml.Node `yaml:"spec"`
	}
	r := &Resource{File: file, Line: d.Line, Source: d.Text}
	if err := decode(file, d.Line, &root, &envelope); err != nil {
		return nil, err
	}
	r.Kind, r.Name, r.Labels, r.Spec = envelope.Kind, envelope.Metadata.Name, envelope.Metadata.Labels, &envelope.Spec
	at := func(message string, args ...any) error {
		return &Problem{File: file, Line: d.Line, Column: 1, Message: fmt.Sprintf(message, args...)}
	}
	switch {
	case envelope.APIVersion != Version:
		return nil, at("apiVersion is %q: write %q", envelope.APIVersion, Version)
	case r.Kind == "":
		return nil, at("kind is missing")
	case !validName.MatchString(r.Name):
		return nil, at("metadata.name is %q: use 1 to 63 lower-case letters, digits, dashes and dots", r.Name)
	case r.Spec.Kind == 0:
		return nil, at("spec is missing")
	}
	return r, nil
}

// Decode fills v, a pointer to a struct with yaml tags, from the spec. A field
// that v does not have, or of another type, is a [Problem] with its place.
func (r Resource) Decode(v any) error { return decode(r.File, r.Line, r.Spec, v) }

// ProblemAt makes a Problem about a node of the spec.
func (r Resource) ProblemAt(n *yaml.Node, format string, args ...any) error {
	return &Problem{File: r.File, Line: n.Line + r.Line - 1, Column: n.Column, Message: fmt.Sprintf(format, args...)}
}
