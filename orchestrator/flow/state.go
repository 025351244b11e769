package flow

import "time"

// Status is the phase of a run.
type Status string

// The phases of a run. It is waiting when nothing but time has to pass.
const (
	StatusPending   Status = "pending"
	StatusRunning   Status = "running"
	StatusWaiting   Status = "waiting"
	StatusCompleted Status = "completed"
	StatusFaulted   Status = "faulted"
	StatusCancelled Status = "cancelled"
)

// Terminal is true when the run has ended.
func (s Status) Terminal() bool {
	return s == StatusCompleted || s == StatusFaulted || s == StatusCancelled
}

// A State is all there is to know of a run; the zero State is one that has not started. It goes
// through encoding/json without loss. Treat it as a value: Advance gives a new one, which may
// share data with the old.
type State struct {
	Run       string    `json:"run,omitempty"`
	Status    Status    `json:"status,omitempty"`
	StartedAt time.Time `json:"startedAt,omitzero"`
	EndedAt   time.Time `json:"endedAt,omitzero"`
	Input     Value     `json:"input,omitzero"`   // as it was given
	Context   Value     `json:"context,omitzero"` // $context
	Output    Value     `json:"output,omitzero"`
	Error     *Error    `json:"error,omitempty"`
	Root      *frame    `json:"root,omitempty"` // the live tasks, as a tree
}

// WaitKind says what kind of event a run waits for.
type WaitKind string

// The kinds of events that a run may wait for.
const (
	WaitCall  WaitKind = "call"
	WaitTimer WaitKind = "timer"
	WaitRun   WaitKind = "run"
)

// WaitingFor is one event that the run waits for. Timeout is true for a timer that only limits
// how long something else may take.
type WaitingFor struct {
	Kind    WaitKind  `json:"kind"`
	Key     string    `json:"key"`
	Name    string    `json:"name,omitempty"` // the task's name
	Due     time.Time `json:"due,omitzero"`   // of a timer
	Timeout bool      `json:"timeout,omitempty"`
}

// Waiting gives all that the run waits for, outer tasks first. It is empty for a run that has not
// started or has ended.
func (s State) Waiting() []WaitingFor {
	var out []WaitingFor
	s.Root.walk(func(f *frame) {
		for _, p := range f.Pending {
			out = append(out, WaitingFor{p.Kind, p.Key, f.Name, p.Due, p.Role.limits()})
		}
	})
	return out
}
