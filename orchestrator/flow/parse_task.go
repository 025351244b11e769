package flow

import (
	"fmt"
	"slices"
)

// task is a compiled task. The workflow itself is one, too: its body runs the document's do.
type task struct {
	name, kind, ref string
	definition      any // for $task.definition

	condition    *expr // if
	inputSchema  *schema
	from         *template
	as           *template
	outputSchema *schema
	exportAs     *template
	exportSchema *schema
	timeout      *duration
	then         directive
	body         body
}

// list is a list of tasks to run one after the other. Where repeats is true, a task of it may be
// started more than once in one execution of the scope.
type list struct {
	tasks   []*task
	repeats bool
}

var commonFields = []string{"if", "input", "output", "export", "timeout", "then", "metadata"}

// list reads a list of named tasks.
func (p *parser) list(n *node, sc scope) *list {
	l, targets, from := p.items(n, sc)
	l.repeats = p.resolve(l, targets, from)
	return l
}

// branches reads a list of named tasks to run at once, where none leads to another.
func (p *parser) branches(n *node, sc scope) *list {
	l, targets, _ := p.items(n, sc)
	for _, t := range targets {
		p.problem(t.node, fmt.Sprintf("a branch cannot lead to %q", t.directive.name), "branches run at once; put tasks that follow each other into a do")
	}
	return l
}

// items reads the tasks of a list. It also gives the directives that lead to tasks of the same
// list, and from which index each does.
func (p *parser) items(n *node, sc scope) (l *list, targets []target, from []int) {
	l = &list{}
	if n.kind != listNode {
		p.problem(n, fmt.Sprintf("must be a list of tasks, not %s", n.what()), "put a hyphen before each task's name")
		return l, nil, nil
	}
	outer := p.targets
	p.targets = nil
	for i, item := range n.items {
		l.tasks = append(l.tasks, p.listItem(item, l, sc))
		for len(from) < len(p.targets) {
			from = append(from, i)
		}
	}
	targets, p.targets = p.targets, outer
	return l, targets, from
}

// listItem reads one item; of a task that cannot be read only the name is left.
func (p *parser) listItem(item *node, l *list, sc scope) *task {
	if item.kind != mapNode || len(item.items) != 1 {
		p.problem(item, "each item of a list of tasks is an object with one field, the task's name", "")
		return &task{}
	}
	name := item.keys[0]
	for _, other := range l.tasks {
		if other.name == name.name {
			p.problems = append(p.problems, Problem{name.line, name.column, item.pointer, fmt.Sprintf("a task %q is in this list already", name.name), "names of one list must differ"})
		}
	}
	if slices.Contains([]string{"continue", "exit", "end"}, name.name) {
		p.problems = append(p.problems, Problem{name.line, name.column, item.pointer, fmt.Sprintf("a task cannot be called %q", name.name), "then could not lead to it"})
	}
	if t := p.task(item.items[0], name.name, sc); t != nil {
		return t
	}
	return &task{name: name.name}
}

// task reads one task.
func (p *parser) task(n *node, name string, sc scope) *task {
	if n.kind != mapNode {
		p.problem(n, fmt.Sprintf("a task is an object, not %s", n.what()), "")
		return nil
	}
	k := p.kindOf(n)
	if k == nil {
		return nil
	}
	t := &task{name: name, kind: k.name, ref: n.pointer, definition: n.value()}
	if p.depth >= 0 {
		p.def.tasks = append(p.def.tasks, TaskInfo{t.ref, name, k.name, p.depth})
		p.depth++
		defer func() { p.depth-- }()
	}
	f := p.object(n, slices.Concat([]string{k.name}, k.fields, commonFields)...)
	p.common(f, t, sc)
	if k.parse == nil {
		f.unsupported(k.name, k.name, "")
		return nil
	}
	t.body = k.parse(p, f, t, sc)
	if t.body == nil {
		return nil
	}
	return t
}

// common reads the fields that all tasks have.
func (p *parser) common(f *fields, t *task, sc scope) {
	before, inside := sc.with(varsBefore), sc.with(varsInside)
	if n := f.get("if"); n != nil {
		t.condition = p.expression(n, before)
	}
	if n := f.get("input"); n != nil {
		t.inputSchema, t.from = p.input(n, before)
	}
	if n := f.get("output"); n != nil {
		t.as, t.outputSchema = p.output(n, inside)
	}
	if n := f.get("export"); n != nil {
		t.exportAs, t.exportSchema = p.output(n, sc.with(varsAfter))
	}
	if n := f.get("timeout"); n != nil {
		t.timeout = p.timeout(n, inside)
	}
	if n := f.get("then"); n != nil {
		if d := p.directive(n); d != nil {
			t.then = *d
			if d.kind == flowTo {
				p.targets[len(p.targets)-1].directive = &t.then
			}
		}
	}
	p.metadata(f)
}
