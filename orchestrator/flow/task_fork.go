package flow

// forkTask runs tasks at once. Its output is the list of their outputs in the document's order or,
// where they compete, the output of the first one to complete. An error of any of them is the
// task's own.
type forkTask struct {
	branches *list
	compete  bool
}

// forkState is what a fork remembers.
type forkState struct {
	Outputs []Value `json:"outputs,omitempty"` // by branch, unless they compete; null until it has ended
}

func parseFork(p *parser, f *fields, _ *task, sc scope) body {
	spec := p.object(f.get("fork"), "branches", "compete")
	if spec == nil {
		return nil
	}
	t := &forkTask{}
	if n := spec.get("compete"); n != nil {
		t.compete = p.boolean(n)
	}
	n := spec.need("branches")
	if n == nil {
		return nil
	}
	t.branches = p.branches(n, sc)
	return t
}

func (t *forkTask) start(x *exec, f *frame) {
	f.Fork = &forkState{}
	if !t.compete {
		f.Fork.Outputs = make([]Value, len(t.branches.tasks))
	}
	f.starting = true
	t.launch(x, f, 0)
}

// launch begins the branches from index on. Each goes as far as it can without waiting before the
// next one begins; by then the fork may have ended.
func (t *forkTask) launch(x *exec, f *frame, index int) {
	switch {
	case f.ended:
	case index < len(t.branches.tasks):
		x.next(func() { t.launch(x, f, index+1) })
		x.begin(f, t.branches, index, f.Input.data)
	default:
		f.starting = false
		t.join(x, f)
	}
}

// join ends the fork if no branch is left.
func (t *forkTask) join(x *exec, f *frame) {
	if f.starting || len(f.Children) > 0 {
		return
	}
	if t.compete {
		x.finish(f, f.Input.data) // nobody took part
		return
	}
	list := make([]any, len(f.Fork.Outputs))
	for i, v := range f.Fork.Outputs {
		list[i] = v.data
	}
	output, err := canonical(list)
	if err != nil {
		x.fail(f, newError(TypeRuntime, "the outputs of the branches: %s", err))
		return
	}
	x.finish(f, output)
}

func (*forkTask) resume(*exec, *frame, role, Event) {}
func (t *forkTask) scope(*frame) *list              { return t.branches }

func (t *forkTask) fits(f *frame) bool {
	return f.Fork != nil && (t.compete || len(f.Fork.Outputs) == len(t.branches.tasks))
}

func (t *forkTask) done(x *exec, f, child *frame, output any, then directive) {
	switch {
	case then.kind == flowEnd:
		x.endRun(f, output)
	case !t.compete:
		f.Fork.Outputs[child.Index] = Value{output}
		t.join(x, f)
	case child.skipped:
		t.join(x, f)
	default:
		x.finish(f, output)
	}
}

func (*forkTask) failed(x *exec, f, _ *frame, err *Error) { x.fail(f, err) }
