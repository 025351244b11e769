package flow

import (
	"maps"
	"slices"
)

// A Definition is a checked workflow document with its expressions and schemas compiled. It never
// changes and may be used by many goroutines at once.
type Definition struct {
	Document Document

	root      *task // the document as a task that runs its do
	functions map[string]*list
	value     any // the document as data
	calls     map[string]bool
	workflows map[WorkflowRef]bool
	tasks     []TaskInfo
}

// Document is what a document says of itself.
type Document struct {
	DSL       string            `json:"dsl"`
	Namespace string            `json:"namespace"`
	Name      string            `json:"name"`
	Version   string            `json:"version"`
	Title     string            `json:"title,omitempty"`
	Summary   string            `json:"summary,omitempty"`
	Tags      map[string]string `json:"tags,omitempty"`
}

// TaskInfo is a task for display. Depth counts the tasks round it.
type TaskInfo struct {
	Pointer string `json:"pointer"`
	Name    string `json:"name"`
	Kind    string `json:"kind"`
	Depth   int    `json:"depth"`
}

// Calls gives the names of all functions that the workflow may ask its host to call, sorted.
// Those that the document defines under use.functions are not among them, what they call is.
func (d *Definition) Calls() []string { return slices.Sorted(maps.Keys(d.calls)) }

// Workflows gives all other workflows that this one may run.
func (d *Definition) Workflows() []WorkflowRef {
	return slices.SortedFunc(maps.Keys(d.workflows), WorkflowRef.compare)
}

// Tasks gives all tasks in the order of the document. Tasks under use.functions are not among them.
func (d *Definition) Tasks() []TaskInfo { return slices.Clone(d.tasks) }
