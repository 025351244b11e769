// Package function is the catalogue of steps that a workflow may call. Each
// function stands in a file of its own: its input, its output and what it does.
package function

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/google/jsonschema-go/jsonschema"
)

// ErrPending is returned by a function whose result comes later from elsewhere,
// as a transfer's does from the agent that carries it out. Whoever has the result
// hands it to the engine under the call's key.
var ErrPending = errors.New("the result comes later")

// A Function is one kind of step. It is called at least once for a key: called
// again with the same key, it must find what it did and not do it twice.
type Function struct {
	Name    string
	Summary string
	Input   *jsonschema.Schema
	Output  *jsonschema.Schema
	Run     func(ctx context.Context, c Call) (json.RawMessage, error)
}

// A Call is one attempt at a step of a run.
type Call struct {
	Key      string // names the call among all calls of all runs, the same for all its attempts by the engine: the idempotency key
	Run      string // the run's ID
	Asset    string // the asset that the run is about; may be empty
	Task     string // the task's pointer in the workflow document
	Name     string // the task's name
	Attempt  int    // from 1
	Input    json.RawMessage
	Progress func(Progress) // may be called from any goroutine; drops what comes too fast
}

// Progress tells how far a call is.
type Progress struct {
	Done  float64 `json:"done"`
	Total float64 `json:"total"` // 0 = not known
	Unit  string  `json:"unit"`  // bytes, seconds (of media)
	Rate  float64 `json:"rate"`  // units a second
	Note  string  `json:"note,omitempty"`
}

// A Fault is a failure that the workflow decides on by its type, a URI or the
// last word of one of the standard types. Retrying it changes nothing.
type Fault struct {
	Type   string // "validation", "runtime", …, or a URI of one's own
	Status int    // in the sense of HTTP
	Title  string
	Detail string
	Err    error
}

// Error gives title and detail.
func (f *Fault) Error() string {
	if f.Detail == "" {
		return f.Title
	}
	return f.Title + ": " + f.Detail
}

// Unwrap gives the cause.
func (f *Fault) Unwrap() error { return f.Err }

// New describes a function by its Go types: the schemas are made from I and O,
// and run gets its input decoded. An input that does not fit is a validation
// Fault.
func New[I, O any](name, summary string, run func(ctx context.Context, c Call, in I) (O, error)) Function {
	return Function{
		Name: name, Summary: summary, Input: schemaFor[I](name), Output: schemaFor[O](name),
		Run: func(ctx context.Context, c Call) (json.RawMessage, error) {
			var in I
			if err := decodeStrict(c.Input, &in); err != nil {
				return nil, &Fault{Type: "validation", Status: 400, Title: "the input of " + name + " does not fit", Detail: err.Error(), Err: err}
			}
			out, err := run(ctx, c, in)
			if err != nil {
				return nil, err
			}
			data, err := json.Marshal(out)
			if err != nil {
				return nil, fmt.Errorf("encode the output of %s: %w", name, err)
			}
			return data, nil
		},
	}
}
