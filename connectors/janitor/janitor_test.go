package janitor_test

import (
	"testing"
	"time"

	"gantry/connectors"
	"gantry/connectors/janitor"
)

func TestDecide(t *testing.T) {
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	rule := janitor.Rule{Unknown: 48 * time.Hour, Released: time.Hour}
	for name, c := range map[string]struct {
		rule    janitor.Rule
		claim   janitor.Claim
		age     time.Duration
		discard bool
	}{
		"a stranger's, old":             {rule, janitor.Unknown, 49 * time.Hour, true},
		"a stranger's, just so old":     {rule, janitor.Unknown, 48 * time.Hour, false},
		"a stranger's, of the future":   {rule, janitor.Unknown, -time.Hour, false},
		"ours and needed, ever so old":  {rule, janitor.Needed, 9000 * time.Hour, false},
		"ours and given up":             {rule, janitor.Released, 2 * time.Hour, true},
		"ours and given up a while ago": {rule, janitor.Released, time.Minute, false},
		"no rule, a stranger's":         {janitor.Rule{}, janitor.Unknown, 9000 * time.Hour, false},
		"no rule, ours":                 {janitor.Rule{}, janitor.Released, 9000 * time.Hour, false},
	} {
		discard, reason := c.rule.Decide(connectors.Unfinished{Began: now.Add(-c.age)}, c.claim, now)
		if discard != c.discard || reason == "" {
			t.Errorf("%s: %v, because %s", name, discard, reason)
		}
	}
	if discard, _ := rule.Decide(connectors.Unfinished{}, janitor.Unknown, now); discard {
		t.Error("an upload of unknown age is discarded")
	}
}
