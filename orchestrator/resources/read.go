package resources

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"gantry/configs/resource"
	"gantry/orchestrator/flow"
)

// The kinds of documents. A workflow has no envelope of its own: it is a document
// of the Open Workflow Specification.
const (
	KindSite     = "Site"
	KindLocation = "Location"
	KindRoute    = "Route"
	KindPartner  = "Partner"
	KindWebhook  = "Webhook"
	KindProfile  = "Profile"
	KindQC       = "QCRules"
	KindTiering  = "TieringPolicy"
	KindWorkflow = "Workflow"
)

// A File is the text of one file of documents.
type File struct {
	Name string
	Text []byte
}

// Read reads all files as one set and checks it as a whole. data is the folder
// that ${DATA} in a location's URL stands for. The error joins every mistake with
// its place.
func Read(files []File, data string) (*Set, error) {
	s := empty()
	var problems []error
	for _, f := range files {
		if len(f.Text) > resource.MaxSize {
			problems = append(problems, &resource.Problem{File: f.Name, Line: 1, Message: "the file is larger than 1 MiB: make several of it"})
			continue
		}
		for _, d := range resource.Split(f.Text) {
			if err := s.add(f.Name, d, data); err != nil {
				problems = append(problems, err)
			}
		}
	}
	if len(problems) == 0 {
		problems = s.check()
	}
	return s, errors.Join(problems...)
}

func (s *Set) add(file string, d resource.Document, data string) error {
	if _, isWorkflow := headOf(d.Text); isWorkflow {
		return s.addWorkflow(file, d)
	}
	r, err := resource.ParseDocument(file, d)
	if r == nil || err != nil {
		return err
	}
	decode, ok := decoders[r.Kind]
	if !ok {
		return r.ProblemAt(&yaml.Node{Line: 1, Column: 1}, "there is no kind %q: known are %s", r.Kind, strings.Join(Kinds(), ", "))
	}
	if err := s.document(r.Kind, r.Name, file, d); err != nil {
		return err
	}
	return decode(s, *r, data)
}

// Kinds lists the kinds of documents that a hub knows.
func Kinds() []string {
	return append(slices.Sorted(maps.Keys(decoders)), KindWorkflow)
}

// A ref names a document.
type ref struct{ kind, name string }

// headOf finds out what a document is, as far as that can be told of one that may
// be wrong.
func headOf(text []byte) (r ref, isWorkflow bool) {
	var head struct {
		Kind     string
		Metadata struct{ Name string }
		Document yaml.Node
	}
	if err := yaml.Unmarshal(text, &head); err != nil || head.Document.Kind == 0 {
		return ref{head.Kind, head.Metadata.Name}, false
	}
	var document struct{ Name string }
	_ = head.Document.Decode(&document) // what is wrong with it, the workflow's reader tells
	return ref{KindWorkflow, document.Name}, true
}

func (s *Set) addWorkflow(file string, d resource.Document) error {
	w := Workflow{Source: d.Text, File: file, Line: d.Line}
	definition, err := flow.Parse(d.Text)
	if err != nil {
		return w.Place(err)
	}
	w.Definition = definition
	name := definition.Document.Name
	if err := s.document(KindWorkflow, name, file, d); err != nil {
		return err
	}
	s.Workflows[name] = w
	return nil
}

// Place gives an error about the workflow its place in the file.
func (w Workflow) Place(err error) error {
	problems, ok := errors.AsType[flow.Problems](err)
	if !ok {
		return fmt.Errorf("%s:%d: %w", w.File, w.Line, err)
	}
	placed := make([]error, len(problems))
	for i, p := range problems {
		text := p.Message
		if p.Suggestion != "" {
			text += ": " + p.Suggestion
		}
		if p.Pointer != "" {
			text = p.Pointer + ": " + text
		}
		placed[i] = &resource.Problem{File: w.File, Line: max(p.Line, 1) + w.Line - 1, Column: p.Column, Message: text}
	}
	return errors.Join(placed...)
}

// document notes one, and refuses a second of the same kind and name.
func (s *Set) document(kind, name, file string, d resource.Document) error {
	if other, ok := s.Document(kind, name); ok {
		return &resource.Problem{File: file, Line: d.Line, Message: fmt.Sprintf("%s/%s is given twice: it stands in %s:%d too", kind, name, other.File, other.Line)}
	}
	s.at[ref{kind, name}] = len(s.Documents)
	s.Documents = append(s.Documents, Document{Kind: kind, Name: name, File: file, Line: d.Line, Source: string(d.Text)})
	return nil
}

// Document finds a document as it was written.
func (s *Set) Document(kind, name string) (Document, bool) {
	i, ok := s.at[ref{kind, name}]
	if !ok {
		return Document{Kind: kind, Name: name}, false
	}
	return s.Documents[i], true
}
