package transfer

import (
	"testing"

	"gantry/connectors"
	"gantry/connectors/wrap"
)

type obedient struct{ connectors.Place }

func (obedient) Prompt() {}

// Only calls to a place that says so of itself are waited for: what is around it may keep
// them, and a place that says nothing may hang.
func TestWhoseCallsAreWaitedFor(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		place any
		want  bool
	}{
		{obedient{}, true},
		{wrap.Around(obedient{}, wrap.Hooks{}), false},
		{&script{Place: obedient{}}, false},
		{nil, false},
	} {
		if got := prompt(c.place); got != c.want {
			t.Errorf("%T: %v", c.place, got)
		}
	}
}
