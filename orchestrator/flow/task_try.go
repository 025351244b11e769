package flow

// tryTask runs a list of tasks and decides on the errors that come out of it.
type tryTask struct {
	list             *list
	filter           *errorFilter
	as               string
	when, exceptWhen *expr
	retry            *retryPolicy
	handler          *list      // catch.do, or nil
	then             *directive // catch.then, or nil
}

// tryState is what a try remembers.
type tryState struct {
	Phase   phase  `json:"phase"`
	Attempt int    `json:"attempt"` // from 1
	Error   *Error `json:"error,omitempty"`
}

// phase is what a try is about.
type phase string

const (
	phaseTry   phase = "try"   // the list runs
	phaseRetry phase = "retry" // waiting for the next attempt
	phaseCatch phase = "catch" // the handler runs
)

func parseTry(p *parser, f *fields, _ *task, sc scope) body {
	t := &tryTask{list: p.list(f.get("try"), sc), as: "error"}
	n := f.need("catch")
	if n == nil {
		return nil
	}
	c := p.object(n, "errors", "as", "when", "exceptWhen", "retry", "do", "then")
	if c == nil {
		return nil
	}
	t.as = p.variable(c.get("as"), t.as)
	inner := sc.and(t.as)
	vars := inner.with(varsInside)
	if v := c.get("errors"); v != nil {
		t.filter = p.errorFilter(v)
	}
	if v := c.get("when"); v != nil {
		t.when = p.expression(v, vars)
	}
	if v := c.get("exceptWhen"); v != nil {
		t.exceptWhen = p.expression(v, vars)
	}
	if v := c.get("retry"); v != nil {
		t.retry = p.retry(v, vars)
		t.list.repeats = true
	}
	if v := c.get("do"); v != nil {
		t.handler = p.list(v, inner)
	}
	if v := c.get("then"); v != nil {
		t.then = p.directive(v)
	}
	return t
}

func (t *tryTask) start(x *exec, f *frame) {
	f.Try = &tryState{}
	t.attempt(x, f)
}

// attempt begins the next attempt.
func (t *tryTask) attempt(x *exec, f *frame) {
	if f.Try.Attempt > 0 && !x.spend() {
		return
	}
	f.Try.Phase, f.Try.Error = phaseTry, nil
	f.Try.Attempt++
	if !t.limit(x, f) {
		return
	}
	x.run(f, t.list, f.Input.data, x.finisher(f))
}

func (t *tryTask) resume(x *exec, f *frame, r role, _ Event) {
	switch r {
	case roleRetry:
		t.attempt(x, f)
	case roleAttempt:
		for _, c := range f.Children {
			x.abandon(c)
		}
		f.Children = nil
		t.caught(x, f, newError(TypeTimeout, "attempt %d was not done within the time allowed", f.Try.Attempt).at(f.task.ref))
	}
}

func (t *tryTask) fits(f *frame) bool { return f.Try != nil && f.Try.Attempt > 0 }

func (t *tryTask) scope(f *frame) *list {
	if f.Try.Phase == phaseCatch {
		return t.handler
	}
	return t.list
}

func (t *tryTask) done(x *exec, f, child *frame, output any, then directive) {
	finished := x.finisher(f)
	if f.Try.Phase == phaseCatch {
		finished = func(output any) { x.finishWith(f, output, t.directive(f)) }
	}
	x.follow(f, t.scope(f), child, output, then, finished)
}

func (t *tryTask) failed(x *exec, f, _ *frame, err *Error) {
	if f.Try.Phase == phaseCatch {
		x.fail(f, err)
		return
	}
	t.caught(x, f, err)
}

// directive is where the run goes after an error was caught.
func (t *tryTask) directive(f *frame) directive {
	if t.then != nil {
		return *t.then
	}
	return f.task.then
}

// caught decides on an error: pass it on, try again, or handle it.
func (t *tryTask) caught(x *exec, f *frame, err *Error) {
	x.cancelPending(f, roleAttempt)
	catches, failure := t.catches(x, f, err)
	if failure != nil || !catches {
		x.fail(f, firstError(failure, err))
		return
	}
	again, failure := t.again(x, f, err)
	if failure != nil || again {
		if failure != nil {
			x.fail(f, failure)
		}
		return
	}
	if t.retry != nil && t.handler == nil && t.then == nil {
		x.fail(f, err) // a catch that only retries does not swallow the error
		return
	}
	f.Try.Phase, f.Try.Error = phaseCatch, err
	f.Visits = nil
	handler := t.handler
	if handler == nil {
		handler = &list{}
	}
	x.run(f, handler, f.Input.data, func(output any) { x.finishWith(f, output, t.directive(f)) })
}

// catches says whether the error is one that the catch is for.
func (t *tryTask) catches(x *exec, f *frame, err *Error) (bool, *Error) {
	if !t.filter.matches(err) {
		return false, nil
	}
	return x.holds(f, err, t.when, t.exceptWhen)
}

// holds evaluates a pair of conditions on a caught error; none at all hold.
func (x *exec) holds(f *frame, caught *Error, when, exceptWhen *expr) (bool, *Error) {
	sc := scopeOf{f: f, caught: caught}
	if when != nil {
		if v, err := x.eval(when, sc, f.Input.data); err != nil || !truthy(v) {
			return false, err
		}
	}
	if exceptWhen != nil {
		if v, err := x.eval(exceptWhen, sc, f.Input.data); err != nil || truthy(v) {
			return false, err
		}
	}
	return true, nil
}

func firstError(errs ...*Error) *Error {
	for _, e := range errs {
		if e != nil {
			return e
		}
	}
	return nil
}

// binding gives the caught error to the tasks of the handler.
func (t *tryTask) binding(f *frame, name string) (any, bool) {
	if name != t.as || f.Try == nil || f.Try.Error == nil {
		return nil, false
	}
	return f.Try.Error.value(), true
}
