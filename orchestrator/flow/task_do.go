package flow

// doTask runs a list of tasks one after the other. The workflow itself is one.
type doTask struct{ list *list }

func parseDo(p *parser, f *fields, _ *task, sc scope) body {
	return &doTask{p.list(f.get("do"), sc)}
}

func (d *doTask) start(x *exec, f *frame) { x.run(f, d.list, f.Input.data, x.finisher(f)) }

func (*doTask) resume(*exec, *frame, role, Event) {}
func (*doTask) fits(*frame) bool                  { return true }
func (d *doTask) scope(*frame) *list              { return d.list }

func (d *doTask) done(x *exec, f, child *frame, output any, then directive) {
	x.follow(f, d.list, child, output, then, x.finisher(f))
}

func (*doTask) failed(x *exec, f, _ *frame, err *Error) { x.fail(f, err) }

// run begins the first task of a list; an empty one gives its input.
func (x *exec) run(f *frame, l *list, input any, finished func(output any)) {
	if len(l.tasks) == 0 {
		finished(input)
		return
	}
	x.begin(f, l, 0, input)
}

func (x *exec) finisher(f *frame) func(output any) {
	return func(output any) { x.finish(f, output) }
}
