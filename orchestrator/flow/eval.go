package flow

// scopeOf is the place in a run where an expression stands.
type scopeOf struct {
	f                 *frame
	rawOutput, output any
	caught            *Error // while a try decides on an error
}

// inside evaluates the expressions of a task's own definition, on its input.
func (x *exec) inside(f *frame) evaluator { return x.evaluator(scopeOf{f: f}, f.Input.data) }

func (x *exec) evaluator(sc scopeOf, input any) evaluator {
	return func(e *expr) (any, *Error) { return x.eval(e, sc, input) }
}

// eval evaluates one expression.
func (x *exec) eval(e *expr, sc scopeOf, input any) (any, *Error) {
	tank := fuel{left: min(x.fuel, maxExpressionFuel)}
	before := tank.left
	v, err := e.run(input, func(name string) any { return x.variable(name, sc) }, &tank)
	x.fuel -= before - max(tank.left, 0)
	if err == nil {
		return v, nil
	}
	if e.loose && tank.left >= 0 {
		return e.source, nil
	}
	return nil, newError(TypeExpression, "%s", err)
}

// runtimeDescriptor is $runtime.
var runtimeDescriptor = map[string]any{"name": "gantry", "version": "1", "metadata": map[string]any{}}

// variable gives the value of a variable.
func (x *exec) variable(name string, sc scopeOf) any {
	switch name {
	case "context":
		return x.st.Context.data
	case "input":
		return sc.f.Input.data
	case "output":
		return sc.output
	case "secrets":
		return map[string]any{}
	case "authorization":
		return nil
	case "task":
		return map[string]any{
			"name": sc.f.Name, "reference": sc.f.task.ref, "definition": sc.f.task.definition,
			"input": sc.f.raw(), "output": sc.rawOutput, "startedAt": descriptor(sc.f.StartedAt),
		}
	case "workflow":
		return map[string]any{
			"id": canonicalString(x.st.Run), "definition": x.def.value,
			"input": x.st.Input.data, "startedAt": descriptor(x.st.StartedAt),
		}
	case "runtime":
		return runtimeDescriptor
	}
	return local(name, sc)
}

// local gives the value of a variable that a task round the place defines, the innermost first.
func local(name string, sc scopeOf) any {
	if t, ok := sc.f.task.body.(*tryTask); ok && sc.caught != nil && t.as == name {
		return sc.caught.value()
	}
	for f := sc.f; f != nil; f = f.parent {
		if binder, ok := f.task.body.(binder); ok {
			if v, found := binder.binding(f, name); found {
				return v
			}
		}
	}
	return nil
}

// binder is the body of a task that defines variables for the tasks inside it.
type binder interface {
	binding(f *frame, name string) (any, bool)
}
