package flow

import (
	"fmt"
	"slices"
	"strings"
)

// kind is a type of task: the field that makes it one, the further fields it takes, and how it is
// read. A kind without parse is known and refused.
type kind struct {
	name   string
	fields []string
	parse  func(p *parser, f *fields, t *task, sc scope) body
}

// kinds are all types of tasks. do comes last, as for has a field of that name.
func kinds() []kind {
	return []kind{
		{"call", []string{"with"}, parseCall},
		{"emit", nil, nil},
		{"for", []string{"while", "do"}, parseFor},
		{"fork", nil, parseFork},
		{"listen", []string{"foreach"}, nil},
		{"raise", nil, parseRaise},
		{"run", nil, parseRun},
		{"set", nil, parseSet},
		{"switch", nil, parseSwitch},
		{"try", []string{"catch"}, parseTry},
		{"wait", nil, parseWait},
		{"do", nil, parseDo},
	}
}

// kindOf finds what type of task an object is.
func (p *parser) kindOf(n *node) *kind {
	var found *kind
	var names []string
	for _, k := range kinds() {
		names = append(names, k.name)
		if !slices.ContainsFunc(n.keys, func(o key) bool { return o.name == k.name }) {
			continue
		}
		if found != nil && !slices.Contains(found.fields, k.name) {
			p.problem(n, fmt.Sprintf("the task has both %q and %q", found.name, k.name), "make two tasks of it")
			return nil
		}
		if found == nil {
			found = &k
		}
	}
	if found != nil {
		return found
	}
	for _, k := range n.keys {
		if hint := didYouMean(k.name, names); hint != "" && !slices.Contains(commonFields, k.name) {
			p.unknownField(n, k, names)
			return nil
		}
	}
	p.problem(n, "the task does nothing", "give it one of "+strings.Join(names, ", "))
	return nil
}
