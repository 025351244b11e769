package flow

import "fmt"

// flowKind says where a run goes after a task.
type flowKind int

const (
	flowContinue flowKind = iota // to the next task of the list
	flowExit                     // out of the list
	flowEnd                      // to the end of the run
	flowTo                       // to another task of the same list
)

// directive is a flow directive; name and index are the target of flowTo.
type directive struct {
	kind  flowKind
	name  string
	index int
}

// directive reads a flow directive. Its target is found when the whole list is known.
func (p *parser) directive(n *node) *directive {
	s, ok := p.text(n)
	if !ok {
		return nil
	}
	d := &directive{}
	switch s {
	case "continue":
	case "exit":
		d.kind = flowExit
	case "end":
		d.kind = flowEnd
	default:
		d.kind, d.name = flowTo, s
		p.targets = append(p.targets, target{n, d})
	}
	return d
}

// target is a directive whose task has still to be found.
type target struct {
	node      *node
	directive *directive
}

// resolve finds the targets of the directives of one list, and says whether any leads back.
func (p *parser) resolve(l *list, targets []target, from []int) (back bool) {
	names := make([]string, len(l.tasks))
	for i, t := range l.tasks {
		names[i] = t.name
	}
next:
	for i, t := range targets {
		for j, name := range names {
			if name == t.directive.name {
				t.directive.index = j
				back = back || j <= from[i]
				continue next
			}
		}
		hint := didYouMean(t.directive.name, append(names, "continue", "exit", "end"))
		if hint == "" {
			hint = "a directive leads to a task of the same list only, or is continue, exit or end"
		}
		p.problem(t.node, fmt.Sprintf("there is no task %q in this list", t.directive.name), hint)
	}
	return back
}
