package flow

import (
	"time"
)

// exec is one Advance under way. Steps wait in steps instead of calling each other, so that a long
// list needs no deep stack; the last one added goes first.
type exec struct {
	def      *Definition
	st       State
	at       time.Time
	root     *frame // nil once the run has ended
	steps    []func()
	tasks    int
	fuel     int
	commands []Command
}

// body is what a type of task does.
type body interface {
	// start runs a task whose input is ready, as far as it goes without waiting. It ends the
	// task with finish or fail, begins others, or leaves something pending.
	start(x *exec, f *frame)
	// resume takes the event that answers what the task had pending in that role.
	resume(x *exec, f *frame, r role, ev Event)
}

// composite is the body of a task that runs others.
type composite interface {
	body
	// fits says whether a stored frame holds what the task needs to go on.
	fits(f *frame) bool
	// scope gives the list that children of the frame are of.
	scope(f *frame) *list
	// done takes the end of a child, which is out of the tree already.
	done(x *exec, f *frame, child *frame, output any, then directive)
	// failed takes a child's error in the same way.
	failed(x *exec, f *frame, child *frame, err *Error)
}

// leaf is embedded by bodies that run no other tasks and leave nothing pending.
type leaf struct{}

func (leaf) resume(*exec, *frame, role, Event) {}

// next adds a step.
func (x *exec) next(step func()) { x.steps = append(x.steps, step) }

// loop runs the steps until the run waits or has ended.
func (x *exec) loop() {
	for len(x.steps) > 0 {
		step := x.steps[len(x.steps)-1]
		x.steps = x.steps[:len(x.steps)-1]
		step()
	}
}

// begin starts a task of a list inside a frame.
func (x *exec) begin(parent *frame, l *list, index int, raw any) {
	x.next(func() {
		if !x.spend() {
			return
		}
		f := &frame{Name: l.tasks[index].name, Index: index, Visit: 1, StartedAt: x.at, parent: parent, task: l.tasks[index]}
		if l.repeats {
			for len(parent.Visits) <= index {
				parent.Visits = append(parent.Visits, 0)
			}
			parent.Visits[index]++
			f.Visit = parent.Visits[index]
		}
		parent.Children = append(parent.Children, f)
		x.enter(f, raw)
	})
}

// spend counts a task; it is false when the run has gone over its budget and has faulted.
func (x *exec) spend() bool {
	if x.tasks++; x.tasks <= maxTasks {
		return true
	}
	x.abort(newError(TypeRuntime, "more than %d tasks without waiting for anything: is there a loop that does not end?", maxTasks))
	return false
}

// abort faults the run with an error that no task can catch.
func (x *exec) abort(err *Error) {
	if x.root == nil {
		return
	}
	x.abandon(x.root)
	x.fault(err.at("/do"))
}

// fault ends the run with an error.
func (x *exec) fault(err *Error) {
	x.st.Error = err
	x.end(StatusFaulted, Command{Type: Fail, Error: err})
}

// fail ends a task with an error, and all that runs inside it.
func (x *exec) fail(f *frame, err *Error) {
	if x.root == nil {
		return
	}
	err = err.at(f.task.ref)
	x.stop(f)
	if f.parent == nil {
		x.fault(err)
		return
	}
	x.report(f, TaskFaulted, Command{Error: err})
	parent := f.parent
	parent.remove(f)
	x.next(func() { parent.task.body.(composite).failed(x, parent, f, err) })
}

// stop cancels all that a frame waits for, and all that runs inside it. The frame has come to its end.
func (x *exec) stop(f *frame) {
	f.ended = true
	for _, c := range f.Children {
		x.abandon(c)
	}
	f.Children = nil
	for _, p := range f.Pending {
		x.drop(p)
	}
	f.Pending = nil
}

// abandon stops a frame for good.
func (x *exec) abandon(f *frame) {
	x.stop(f)
	if f.parent != nil {
		x.report(f, TaskCancelled, Command{})
	}
}

var cancelCommands = map[WaitKind]CommandType{WaitCall: CancelCall, WaitTimer: CancelTimer, WaitRun: CancelRun}

func (x *exec) drop(p pending) {
	x.commands = append(x.commands, Command{Type: cancelCommands[p.Kind], Key: p.Key})
}

// cancelPending takes back what a frame waits for in a role, if anything.
func (x *exec) cancelPending(f *frame, r role) {
	if p, ok := f.taken(r); ok {
		x.drop(p)
	}
}

// timer lets a frame wait for a time.
func (x *exec) timer(f *frame, r role, key string, after time.Duration) {
	due := x.at.Add(after)
	f.Pending = append(f.Pending, pending{WaitTimer, key, r, due})
	x.commands = append(x.commands, Command{Type: StartTimer, Key: key, Task: f.task.ref, Name: f.Name, Due: due})
}

// report adds a report on a task.
func (x *exec) report(f *frame, status TaskStatus, c Command) {
	c.Type, c.Key, c.Task, c.Name, c.Status, c.At = Report, f.key(), f.task.ref, f.Name, status, x.at
	x.commands = append(x.commands, c)
}
