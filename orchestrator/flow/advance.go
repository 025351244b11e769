package flow

import (
	"time"
)

// maxTasks is how many tasks one Advance may start before it gives up on a run that never waits.
const maxTasks = 10_000

// Advance takes a run one event further: it gives the new state and what the host has to do.
// See the package comment for its promises. A state that does not fit the definition (one of
// another document) makes the run fault.
func Advance(def *Definition, st State, ev Event) (State, []Command) {
	if st.Status.Terminal() || def == nil || def.root == nil {
		return st, nil
	}
	x := &exec{def: def, st: st, at: ev.At.UTC().Round(0), fuel: maxAdvanceFuel}
	started := st.Root != nil
	switch {
	case ev.Type == Start && !started && (st.Status == "" || st.Status == StatusPending):
		x.start(ev)
	case ev.Type == Cancel:
		_ = x.restore() // what does not fit is cancelled all the same
		x.cancel()
	case started:
		if !st.Root.awaits(ev) {
			return st, nil
		}
		if err := x.restore(); err != nil {
			x.fault(err)
		} else {
			x.dispatch(ev)
		}
	default:
		return st, nil
	}
	x.loop()
	x.settle()
	return x.st, x.commands
}

// start begins a run with the input of the event.
func (x *exec) start(ev Event) {
	x.st = State{Run: ev.Run, Status: StatusRunning, StartedAt: x.at}
	x.root = &frame{StartedAt: x.at, task: x.def.root}
	input, err := decode(ev.Data)
	if err != nil {
		x.fail(x.root, newError(TypeValidation, "the input: %s", err).at("/input"))
		return
	}
	x.st.Input, x.st.Context = Value{input}, Value{input}
	x.enter(x.root, input)
}

// awaits says whether some task waits for this very event.
func (f *frame) awaits(ev Event) bool {
	found := false
	f.walk(func(f *frame) {
		for _, p := range f.Pending {
			found = found || p.answeredBy(ev)
		}
	})
	return found
}

// answeredBy says whether the event is the one that is waited for.
func (p pending) answeredBy(ev Event) bool {
	if p.Key != ev.Key {
		return false
	}
	switch ev.Type {
	case CallDone, CallFailed:
		return p.Kind == WaitCall
	case TimerFired:
		return p.Kind == WaitTimer
	case RunDone, RunFailed:
		return p.Kind == WaitRun
	}
	return false
}

// dispatch hands an event to the frame that waits for it.
func (x *exec) dispatch(ev Event) {
	var to *frame
	var which role
	x.root.walk(func(f *frame) {
		for _, p := range f.Pending {
			if to == nil && p.answeredBy(ev) {
				to, which = f, p.Role
			}
		}
	})
	to.taken(which)
	if which == roleTimeout {
		x.fail(to, newError(TypeTimeout, "not done within the time allowed").at(to.place("timeout")))
		return
	}
	to.task.body.resume(x, to, which, ev)
}

// cancel ends the run where it stands.
func (x *exec) cancel() {
	if x.root != nil {
		x.abandon(x.root)
	}
	x.steps = nil
	x.end(StatusCancelled, Command{Type: Cancelled})
}

// end brings the run to its end.
func (x *exec) end(status Status, last Command) {
	x.root = nil
	x.steps = nil
	x.st.Status, x.st.EndedAt = status, x.at
	last.At = x.at
	x.commands = append(x.commands, last)
}

// settle writes the tree back and says in what phase the run is.
func (x *exec) settle() {
	x.st.Root = x.root
	if x.st.Status.Terminal() {
		return
	}
	x.st.Status = StatusWaiting
	x.root.walk(func(f *frame) {
		for _, p := range f.Pending {
			if p.Kind != WaitTimer {
				x.st.Status = StatusRunning
			}
		}
	})
}

// descriptor gives a time as expressions see it.
func descriptor(t time.Time) map[string]any {
	return map[string]any{
		"iso8601": t.Format(time.RFC3339Nano),
		"epoch":   map[string]any{"seconds": int(t.Unix()), "milliseconds": int(t.UnixMilli())},
	}
}
