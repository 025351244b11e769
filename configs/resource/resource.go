// Package resource reads the documents that configure Gantry: YAML with an
// apiVersion, a kind, a name and a spec, strictly. Every mistake is reported with
// the document's name, line and column, and what would be right.
package resource

import (
	"bytes"
	"errors"
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
		return nil, &Problem{File: file, Line: 1, Column: 1, Message: "the file is larger than 1 MiB: make several of it"}
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

// An envelope is what all documents have in common.
type envelope struct {
	APIVersion string `yaml:"apiVersion"`
	Kind       string `yaml:"kind"`
	Metadata   struct {
		Name   string            `yaml:"name"`
		Labels map[string]string `yaml:"labels"`
	} `yaml:"metadata"`
	Spec yaml.Node `yaml:"spec"`
}

// ParseDocument reads one document of a stream. It returns nil for one that holds
// nothing but comments.
func ParseDocument(file string, d Document) (*Resource, error) {
	root, err := parseYAML(file, d)
	if root == nil || err != nil {
		return nil, err
	}
	if err := (&structure{file: file, firstLine: d.Line}).check(root, 0); err != nil {
		return nil, err
	}
	var e envelope
	if err := decode(file, d.Line, root, &e); err != nil {
		return nil, err
	}
	if err := e.check(file, d.Line, root.Content[0]); err != nil {
		return nil, err
	}
	return &Resource{
		Kind: e.Kind, Name: e.Metadata.Name, Labels: e.Metadata.Labels, Spec: &e.Spec,
		File: file, Line: d.Line, Source: d.Text,
	}, nil
}

// parseYAML gives the tree of a document, nil if there is none.
func parseYAML(file string, d Document) (*yaml.Node, error) {
	if err := checkText(file, d); err != nil {
		return nil, err
	}
	decoder := yaml.NewDecoder(bytes.NewReader(d.Text))
	var root, second yaml.Node
	err := decoder.Decode(&root)
	if errors.Is(err, io.EOF) {
		return nil, nil // only comments
	}
	if err != nil {
		return nil, syntaxProblem(file, d.Line, err)
	}
	switch err := decoder.Decode(&second); {
	case err == nil:
		return nil, problemAt(file, d.Line, &second, "another document begins here: put --- on a line of its own before it")
	case !errors.Is(err, io.EOF):
		problem := syntaxProblem(file, d.Line, err)
		problem.Message = "after the end of the document: " + problem.Message
		return nil, problem
	}
	return &root, nil
}

func (e *envelope) check(file string, firstLine int, n *yaml.Node) error {
	if e.APIVersion != Version {
		return problemAt(file, firstLine, valueOf(n, "apiVersion"), "apiVersion is %s: write %q", quote(e.APIVersion), Version)
	}
	if e.Kind == "" {
		return problemAt(file, firstLine, valueOf(n, "kind"), "kind is missing")
	}
	if !validName.MatchString(e.Metadata.Name) {
		return problemAt(file, firstLine, valueOf(valueOf(n, "metadata"), "name"), "metadata.name is %s: use 1 to 63 lower-case letters, digits, dashes and dots, and begin and end with a letter or a digit", quote(e.Metadata.Name))
	}
	if e.Spec.Kind == 0 || isNull(&e.Spec) {
		return problemAt(file, firstLine, valueOf(n, "spec"), "spec is missing")
	}
	return nil
}

// valueOf gives the value of a field, or the node itself if it has none: that is
// where the field is missed.
func valueOf(n *yaml.Node, field string) *yaml.Node {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Kind == yaml.MappingNode && n.Content[i].Value == field {
			return n.Content[i+1]
		}
	}
	return n
}

// Decode fills v, a pointer to a struct with yaml tags, from the spec. The error
// joins a [Problem] for each field that v does not have or that is of another type.
func (r Resource) Decode(v any) error { return decode(r.File, r.Line, r.Spec, v) }

// ProblemAt makes a Problem about a node of the spec.
func (r Resource) ProblemAt(n *yaml.Node, format string, args ...any) error {
	return problemAt(r.File, r.Line, n, format, args...)
}
