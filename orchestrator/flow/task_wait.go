package flow

// waitTask lets time pass; its output is its input.
type waitTask struct{ duration *duration }

func parseWait(p *parser, f *fields, _ *task, sc scope) body {
	if d := p.duration(f.get("wait"), sc.with(varsInside)); d != nil {
		return &waitTask{d}
	}
	return nil
}

func (w *waitTask) start(x *exec, f *frame) {
	after, err := w.duration.run(x.inside(f))
	switch {
	case err != nil:
		x.fail(f, err)
	case after == 0:
		x.finish(f, f.Input.data)
	default:
		x.timer(f, roleTask, f.key(), after)
	}
}

func (w *waitTask) resume(x *exec, f *frame, _ role, _ Event) { x.finish(f, f.Input.data) }
