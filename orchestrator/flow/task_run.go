package flow

// runTask runs another workflow.
type runTask struct {
	workflow WorkflowRef
	input    *template
	await    bool
}

func parseRun(p *parser, f *fields, _ *task, sc scope) body {
	r := p.object(f.get("run"), "container", "script", "shell", "workflow", "await", "return")
	if r == nil {
		return nil
	}
	for _, name := range []string{"container", "script", "shell"} {
		if r.get(name) != nil {
			r.unsupported(name, "run: "+name, "call a function instead")
			return nil
		}
	}
	if n := r.get("return"); n != nil {
		p.problem(n, "return is for processes; a workflow gives its output", "leave it out")
	}
	t := &runTask{await: true}
	if n := r.get("await"); n != nil {
		t.await = p.boolean(n)
	}
	n := r.need("workflow")
	if n == nil {
		return nil
	}
	w := p.object(n, "namespace", "name", "version", "input")
	if w == nil {
		return nil
	}
	t.workflow = WorkflowRef{
		Namespace: p.matching(w.need("namespace"), namePattern, "letters, digits and inner hyphens, at most 63"),
		Name:      p.matching(w.need("name"), namePattern, "letters, digits and inner hyphens, at most 63"),
		Version:   "latest",
	}
	if v := w.get("version"); v != nil {
		if t.workflow.Version, _ = p.text(v); t.workflow.Version != "latest" {
			p.matching(v, versionPattern, "a semantic version such as 1.0.0, or latest")
		}
	}
	t.input = &template{constant: map[string]any{}}
	if in := w.get("input"); in != nil {
		t.input = p.filter(in, sc.with(varsInside))
	}
	p.def.workflows[t.workflow] = true
	return t
}

func (t *runTask) start(x *exec, f *frame) {
	input, err := t.input.run(x.inside(f))
	if err != nil {
		x.fail(f, err)
		return
	}
	key, workflow := f.key(), t.workflow
	x.commands = append(x.commands, Command{
		Type: StartRun, Key: key, Task: f.task.ref, Name: f.Name,
		Workflow: &workflow, Input: encode(input), Await: t.await,
	})
	if !t.await {
		x.finish(f, f.Input.data)
		return
	}
	f.Pending = append(f.Pending, pending{Kind: WaitRun, Key: key})
}

func (t *runTask) resume(x *exec, f *frame, _ role, ev Event) {
	if ev.Type == RunFailed {
		x.fail(f, received(ev.Error, f.task.ref))
		return
	}
	x.take(f, ev, "the workflow's output")
}

// take ends a task with the data of an event.
func (x *exec) take(f *frame, ev Event, what string) {
	output, err := decode(ev.Data)
	if err != nil {
		x.fail(f, newError(TypeRuntime, "%s: %s", what, err))
		return
	}
	x.finish(f, output)
}
