package policy

import (
	"errors"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	"gantry/configs/resource"
)

// maxRules is more than a person can keep in mind.
const maxRules = 200

// rule is a condition and what follows from it.
type rule[O any] struct {
	name    string
	when    *condition
	outcome O
}

// ruleset is what all kinds of policy are made of: rules in order, and what follows if none holds.
type ruleset[O any] struct {
	policy    string // the document's Kind/name
	rules     []rule[O]
	otherwise O
}

// decide returns the first rule that holds, or nil if none does, and the names of the facts that were looked at.
func (s *ruleset[O]) decide(f *Facts) (*rule[O], []string, error) {
	activation := speech{f}
	for i := range s.rules {
		r := &s.rules[i]
		held, err := r.when.holds(activation)
		if err != nil {
			return nil, nil, &EvaluationError{s.policy, r.name, err}
		}
		if held {
			return r, s.named(i + 1), nil
		}
	}
	return nil, s.named(len(s.rules)), nil
}

// named lists the facts that the first n rules name, each once.
func (s *ruleset[O]) named(n int) []string {
	total := 0
	for i := range s.rules[:n] {
		total += len(s.rules[i].when.facts)
	}
	names := make([]string, 0, total)
	for i := range s.rules[:n] {
	next:
		for _, name := range s.rules[i].when.facts {
			for _, had := range names {
				if had == name {
					continue next
				}
			}
			names = append(names, name)
		}
	}
	return names
}

// EvaluationError says which rule could not be evaluated. The same facts fail again: the rule or the facts have to change.
type EvaluationError struct {
	Policy string // Kind/name
	Rule   string
	Err    error
}

func (e *EvaluationError) Error() string {
	hint := ""
	if strings.Contains(e.Err.Error(), "no such key") {
		hint = `: ask for it first, as in "event" in labels && labels.event == "final"`
	}
	return fmt.Sprintf("%s: rule %q could not be evaluated: %v%s", e.Policy, e.Rule, e.Err, hint)
}

func (e *EvaluationError) Unwrap() error { return e.Err }

// reader collects what is wrong with one document.
type reader struct {
	doc      resource.Resource
	language *language
	problems []error
}

func newReader(doc resource.Resource, kind string) (*reader, error) {
	if doc.Kind != kind {
		return nil, fmt.Errorf("%s is not a %s", doc.Ref(), kind)
	}
	l, err := newLanguage()
	if err != nil {
		return nil, err
	}
	return &reader{doc: doc, language: l}, nil
}

func (r *reader) problem(at *yaml.Node, format string, args ...any) {
	if at.Line == 0 {
		at = r.doc.Spec
	}
	r.problems = append(r.problems, r.doc.ProblemAt(at, format, args...))
}

func (r *reader) err() error { return errors.Join(r.problems...) }

// text returns a scalar's text. what names it in messages.
func (r *reader) text(n, parent *yaml.Node, what string) string {
	switch {
	case n.Kind == 0 || n.Tag == "!!null" || n.Kind == yaml.ScalarNode && strings.TrimSpace(n.Value) == "":
		if n.Line == 0 {
			n = parent
		}
		r.problem(n, "%s is missing", what)
	case n.Kind != yaml.ScalarNode:
		r.problem(n, "%s is not a text", what)
	default:
		return n.Value
	}
	return ""
}

// choice returns a scalar that has to be one of the words.
func (r *reader) choice(n, parent *yaml.Node, what string, words []string) string {
	word := r.text(n, parent, what)
	for _, w := range words {
		if w == word {
			return w
		}
	}
	if word != "" {
		r.problem(n, "%s %q is not known: it is one of %s", what, word, strings.Join(words, ", "))
	}
	return ""
}

// condition compiles the expression in a node. Mistakes are placed in the document where the YAML lets the place be known.
func (r *reader) condition(n, parent *yaml.Node, rule string) *condition {
	expression := r.text(n, parent, fmt.Sprintf("rule %q: when", rule))
	if expression == "" {
		return nil
	}
	c, mistakes := r.language.compile(expression)
	for _, m := range mistakes {
		at, where := placed(n, expression, m)
		r.problem(at, "rule %q: %s%s", rule, m.message, where)
	}
	return c
}

// placed finds the place of a mistake in the document. A text on one line tells the column, a block with its lines kept the line.
func placed(n *yaml.Node, expression string, m mistake) (at *yaml.Node, where string) {
	if m.line == 0 {
		return n, ""
	}
	at, where = &yaml.Node{Line: n.Line, Column: n.Column}, fmt.Sprintf(" (column %d of the expression)", m.column)
	lines := strings.Count(strings.TrimRight(expression, "\n"), "\n") + 1
	if lines > 1 {
		where = fmt.Sprintf(" (line %d, column %d of the expression)", m.line, m.column)
	}
	switch {
	case n.Style&yaml.LiteralStyle != 0:
		at.Line, at.Column = n.Line+m.line, 0
	case lines == 1 && n.Style&yaml.FoldedStyle == 0:
		at.Column += m.column - 1
		if n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0 {
			at.Column++
		}
	}
	return at, where
}
