package flow

// enter takes a task from its raw input to its start: if, input.schema, input.from, timeout.
func (x *exec) enter(f *frame, raw any) {
	t := f.task
	f.Input = Value{raw}
	f.Raw = Value{raw}
	if t.condition != nil {
		run, err := x.eval(t.condition, scopeOf{f: f}, raw)
		if err != nil {
			x.fail(f, err)
			return
		}
		if !truthy(run) {
			x.skip(f, raw)
			return
		}
	}
	if f.parent != nil {
		x.report(f, TaskStarted, Command{})
	}
	if err := t.inputSchema.validate(raw); err != nil {
		x.fail(f, newError(TypeValidation, "the input does not fit its schema: %s", err).at(f.place("input")))
		return
	}
	if t.from != nil {
		input, err := t.from.run(x.evaluator(scopeOf{f: f}, raw))
		if err != nil {
			x.fail(f, err.at(f.place("input")))
			return
		}
		f.Input = Value{input}
	} else {
		f.Raw = Value{}
	}
	if f.parent == nil {
		x.st.Context = f.Input
	}
	if t.timeout != nil {
		after, err := t.timeout.run(x.inside(f))
		if err != nil {
			x.fail(f, err)
			return
		}
		x.timer(f, roleTimeout, f.key()+"/timeout", after)
	}
	t.body.start(x, f)
}

// skip leaves out a task whose condition does not hold; its raw input goes on to the next one.
func (x *exec) skip(f *frame, raw any) {
	x.report(f, TaskSkipped, Command{})
	f.skipped = true
	parent := f.parent
	parent.remove(f)
	x.next(func() { parent.task.body.(composite).done(x, parent, f, raw, directive{}) })
}

// finish ends a task with its raw output and goes where it says: output.as, output.schema,
// export.as, export.schema.
func (x *exec) finish(f *frame, raw any) { x.finishWith(f, raw, f.task.then) }

// finishWith is finish with another directive than the task's own.
func (x *exec) finishWith(f *frame, raw any, then directive) {
	t, output := f.task, raw
	x.stop(f)
	if t.as != nil {
		v, err := t.as.run(x.evaluator(scopeOf{f: f, rawOutput: raw}, raw))
		if err != nil {
			x.fail(f, err.at(f.place("output")))
			return
		}
		output = v
	}
	if err := t.outputSchema.validate(output); err != nil {
		x.fail(f, newError(TypeValidation, "the output does not fit its schema: %s", err).at(f.place("output")))
		return
	}
	if !x.export(f, raw, output) {
		return
	}
	if f.parent == nil {
		x.st.Output = Value{output}
		x.end(StatusCompleted, Command{Type: Complete, Output: encode(output)})
		return
	}
	x.report(f, TaskCompleted, Command{})
	parent := f.parent
	parent.remove(f)
	x.next(func() { parent.task.body.(composite).done(x, parent, f, output, then) })
}

// export writes the context; it is false when that failed the task.
func (x *exec) export(f *frame, raw, output any) bool {
	t := f.task
	exported := x.st.Context.data
	if t.exportAs != nil {
		v, err := t.exportAs.run(x.evaluator(scopeOf{f: f, rawOutput: raw, output: output}, output))
		if err != nil {
			x.fail(f, err)
			return false
		}
		exported = v
	}
	if err := t.exportSchema.validate(exported); err != nil {
		x.fail(f, newError(TypeValidation, "the exported context does not fit its schema: %s", err))
		return false
	}
	x.st.Context = Value{exported}
	return true
}

// follow goes on in a list after a child of it has ended, or calls finished with the list's output.
func (x *exec) follow(f *frame, l *list, child *frame, output any, then directive, finished func(output any)) {
	switch then.kind {
	case flowTo:
		x.begin(f, l, then.index, output)
	case flowEnd:
		x.endRun(f, output)
	case flowContinue:
		if next := child.Index + 1; next < len(l.tasks) {
			x.begin(f, l, next, output)
			return
		}
		finished(output)
	default:
		finished(output)
	}
}

// endRun completes the whole run from inside a frame. The tasks round the place end with it, and
// what else is live in them is cancelled; their own output and export play no part.
func (x *exec) endRun(inside *frame, output any) {
	x.steps = nil
	for f := inside; f.parent != nil; f = f.parent {
		x.stop(f)
		x.report(f, TaskCompleted, Command{Detail: "the workflow was ended inside"})
		f.parent.remove(f)
	}
	x.finish(x.root, output)
}
