package flow

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// A frame is one live execution of a task. Frames form a tree: a task that runs others holds
// theirs as children, as many at once as it likes. Task types keep what they need to remember
// between events in the frame, in For, Try and Fork or in a field of their own.
type frame struct {
	Name      string     `json:"name,omitempty"`  // the task's; the root has none
	Index     int        `json:"index,omitempty"` // in the list that it is part of
	Visit     int        `json:"visit,omitempty"` // the how manieth start of the task in its scope, from 1
	StartedAt time.Time  `json:"startedAt,omitzero"`
	Raw       Value      `json:"raw,omitzero"` // before input.from, where the task has one
	Input     Value      `json:"input,omitzero"`
	Pending   []pending  `json:"pending,omitempty"`
	Visits    []int      `json:"visits,omitempty"` // starts by index, in a scope that may run a task twice
	For       *forState  `json:"for,omitempty"`
	Try       *tryState  `json:"try,omitempty"`
	Fork      *forkState `json:"fork,omitempty"`
	Children  []*frame   `json:"children,omitempty"`

	parent   *frame
	task     *task
	name     string // key, once it has been asked for
	starting bool   // a fork that has branches to begin yet, which no stored one has
	ended    bool   // nothing begins inside it any more
	skipped  bool   // its condition did not hold
}

// pending is an event that a frame waits for.
type pending struct {
	Kind WaitKind  `json:"kind"`
	Key  string    `json:"key"`
	Role role      `json:"role,omitempty"`
	Due  time.Time `json:"due,omitzero"`
}

// role tells the timers of one frame apart; the task's own event has none.
type role string

const (
	roleTask    role = ""
	roleTimeout role = "timeout"
	roleRetry   role = "retry"
	roleAttempt role = "attempt"
)

func (r role) limits() bool { return r == roleTimeout || r == roleAttempt }

// walk visits the frame and all below it, parents first. It works on none at all.
func (f *frame) walk(visit func(*frame)) {
	if f == nil {
		return
	}
	visit(f)
	for _, c := range f.Children {
		c.walk(visit)
	}
}

// clone copies the tree, so that the one it came from stays as it is. Values are shared.
func (f *frame) clone(parent *frame) *frame {
	out := *f
	out.parent = parent
	out.Pending = slices.Clone(f.Pending)
	out.Visits = slices.Clone(f.Visits)
	if f.For != nil {
		state := *f.For
		out.For = &state
	}
	if f.Try != nil {
		state := *f.Try
		out.Try = &state
	}
	if f.Fork != nil {
		out.Fork = &forkState{Outputs: slices.Clone(f.Fork.Outputs)}
	}
	out.Children = nil
	for _, c := range f.Children {
		if c != nil {
			out.Children = append(out.Children, c.clone(&out))
		}
	}
	return &out
}

// raw is the task's input before input.from.
func (f *frame) raw() any {
	if f.task.from != nil {
		return f.Raw.data
	}
	return f.Input.data
}

// key names this execution of the task.
func (f *frame) key() string {
	if f.name == "" && f.parent != nil {
		var b strings.Builder
		f.writePath(&b)
		b.WriteString("#" + strconv.Itoa(f.Visit))
		f.name = b.String()
	}
	return f.name
}

// writePath writes the path without the frame's own ordinal.
func (f *frame) writePath(b *strings.Builder) {
	if f.parent == nil {
		return
	}
	f.parent.writePath(b)
	if f.parent.Visit > 1 {
		b.WriteString("#" + strconv.Itoa(f.parent.Visit))
	}
	if f.parent.For != nil {
		b.WriteString("/for/" + strconv.Itoa(f.parent.For.Index))
	}
	b.WriteString(strings.TrimPrefix(f.task.ref, f.parent.task.ref))
}

// remove takes a child that has ended out of the tree.
func (f *frame) remove(child *frame) {
	f.Children = slices.DeleteFunc(f.Children, func(c *frame) bool { return c == child })
}

// taken removes and gives the pending event of a role.
func (f *frame) taken(r role) (pending, bool) {
	for i, p := range f.Pending {
		if p.Role == r {
			f.Pending = slices.Delete(f.Pending, i, i+1)
			return p, true
		}
	}
	return pending{}, false
}

// place is the pointer of a part of the task for errors: the task itself, but for the workflow
// the part.
func (f *frame) place(part string) string {
	if f.parent == nil {
		return "/" + part
	}
	return f.task.ref
}
