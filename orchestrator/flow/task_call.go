package flow

import (
	"fmt"
	"strings"
)

// callTask calls a function of the host, or runs a task of use.functions.
type callTask struct {
	function string
	local    *list // of one task
	with     *template
	endpoint *uriTemplate // of http, where it is not an expression
}

// protocols are the calls of the specification that this version does not make.
var protocols = set("asyncapi grpc openapi a2a mcp")

func parseCall(p *parser, f *fields, _ *task, sc scope) body {
	n := f.get("call")
	name, ok := p.text(n)
	switch {
	case !ok:
		return nil
	case name == "":
		p.problem(n, "names no function", "")
		return nil
	case protocols[name]:
		p.unsupported(n, "call: "+name, "use http or a function")
		return nil
	case strings.Contains(name, "://") || strings.Contains(name, "@"):
		p.unsupported(n, "a function of a catalog", "use a function of the host, or of use.functions")
		return nil
	}
	t := &callTask{function: name, with: &template{constant: map[string]any{}}}
	if name == "http" {
		return t.http(p, f, sc)
	}
	if with := f.get("with"); with != nil {
		if with.kind != mapNode {
			p.problem(with, fmt.Sprintf("must be an object, not %s", with.what()), "")
		}
		t.with = p.template(with, sc.with(varsInside))
	}
	if t.local = p.function(name); t.local == nil {
		p.def.calls[name] = true
	}
	return t
}

func (t *callTask) start(x *exec, f *frame) {
	input, err := t.arguments(x, f)
	switch {
	case err != nil:
		x.fail(f, err)
	case t.local != nil:
		x.begin(f, t.local, 0, input)
	default:
		key := f.key()
		f.Pending = append(f.Pending, pending{Kind: WaitCall, Key: key})
		x.commands = append(x.commands, Command{
			Type: Call, Key: key, Task: f.task.ref, Name: f.Name,
			Function: t.function, Input: encode(input), Attempt: attempt(f),
		})
	}
}

func (t *callTask) arguments(x *exec, f *frame) (any, *Error) {
	input, err := t.with.run(x.inside(f))
	if err != nil || t.endpoint == nil {
		return input, err
	}
	return t.expand(input, f.Input.data)
}

func (t *callTask) resume(x *exec, f *frame, _ role, ev Event) {
	if ev.Type == CallFailed {
		x.fail(f, received(ev.Error, f.task.ref))
		return
	}
	x.take(f, ev, "the output of "+t.function)
}

func (t *callTask) fits(*frame) bool   { return true }
func (t *callTask) scope(*frame) *list { return t.local }
func (t *callTask) done(x *exec, f, _ *frame, output any, then directive) {
	if then.kind == flowEnd {
		x.endRun(f, output)
		return
	}
	x.finish(f, output)
}

func (*callTask) failed(x *exec, f, _ *frame, err *Error) { x.fail(f, err) }

// attempt is which attempt of the innermost try a task is part of.
func attempt(f *frame) int {
	for ; f != nil; f = f.parent {
		if f.Try != nil && f.Try.Phase == phaseTry {
			return f.Try.Attempt
		}
	}
	return 1
}
