package policy

import (
	"slices"

	"go.yaml.in/yaml/v3"

	"gantry/configs/resource"
)

// TieringKind is the kind of the document that CompileTiering takes.
const TieringKind = "TieringPolicy"

// The tiers, from the fastest to the cheapest.
const (
	Hot  = "hot"
	Warm = "warm"
	Cold = "cold"
	Deep = "deep"
)

// Tiering decides which tier an asset goes to when it is taken in. It may be used from many goroutines at once.
type Tiering struct{ set ruleset[tierOutcome] }

type tierOutcome struct{ tier, reason string }

// Decision is a tier and how it came about.
type Decision struct {
	Tier   string `json:"tier"`
	Rule   string `json:"rule"` // the rule that held; empty if none did and the default counts
	Reason string `json:"reason"`
	Facts  []Used `json:"facts"` // those that the rules looked at, as far as they were asked
}

// Used is a fact that a decision rests on.
type Used struct {
	Name  string `json:"name"`
	Value any    `json:"value"` // nil if it is not known
}

// tieringSpec keeps nodes, because their places are needed for messages.
type tieringSpec struct {
	Rules []struct {
		Name   yaml.Node `yaml:"name"`
		When   yaml.Node `yaml:"when"`
		Tier   yaml.Node `yaml:"tier"`
		Reason yaml.Node `yaml:"reason"`
	} `yaml:"rules"`
	Default struct {
		Tier   yaml.Node `yaml:"tier"`
		Reason yaml.Node `yaml:"reason"`
	} `yaml:"default"`
}

// CompileTiering reads and checks a TieringPolicy. The error joins all that is wrong with it, each with its place.
func CompileTiering(doc resource.Resource) (*Tiering, error) {
	var spec tieringSpec
	r, err := newReader(doc, TieringKind)
	if err != nil {
		return nil, err
	}
	if err := doc.Decode(&spec); err != nil {
		return nil, err
	}
	if len(spec.Rules) > maxRules {
		r.problem(doc.Spec, "%d rules are too many: at most %d", len(spec.Rules), maxRules)
		return nil, r.err()
	}
	t := &Tiering{ruleset[tierOutcome]{policy: doc.Ref()}}
	var names []string
	for i := range spec.Rules {
		in := &spec.Rules[i]
		name := r.text(&in.Name, &in.When, "a rule's name")
		if name != "" && slices.Contains(names, name) {
			r.problem(&in.Name, "rule %q is there twice: names tell decisions apart", name)
		}
		names = append(names, name)
		t.set.rules = append(t.set.rules, rule[tierOutcome]{
			name: name,
			when: r.condition(&in.When, &in.Name, name),
			outcome: tierOutcome{
				r.choice(&in.Tier, &in.Name, "tier", []string{Hot, Warm, Cold, Deep}),
				r.text(&in.Reason, &in.Name, "reason"),
			},
		})
	}
	t.set.otherwise = tierOutcome{
		r.choice(&spec.Default.Tier, doc.Spec, "default.tier", []string{Hot, Warm, Cold, Deep}),
		r.text(&spec.Default.Reason, doc.Spec, "default.reason"),
	}
	if err := r.err(); err != nil {
		return nil, err
	}
	return t, nil
}

// Decide returns the tier for an asset. An error is an *EvaluationError: a rule asked for a fact that is not there, or cost too much.
func (t *Tiering) Decide(f Facts) (Decision, error) {
	held, names, err := t.set.decide(&f)
	if err != nil {
		return Decision{}, err
	}
	d := Decision{Tier: t.set.otherwise.tier, Reason: t.set.otherwise.reason, Facts: f.used(names)}
	if held != nil {
		d.Tier, d.Rule, d.Reason = held.outcome.tier, held.name, held.outcome.reason
	}
	return d, nil
}
