package flow

import (
	"strings"
	"testing"
	"time"
)

func TestSchemas(t *testing.T) {
	tests := []struct{ schema, data, want string }{
		{`{"type":"integer"}`, `123456789012345678901234567890`, ""},
		{`{"type":"object","properties":{"n":{"maximum":10}}}`, `{"n":123456789012345678901234567890}`, "at '/n': maximum"},
		{`{"pattern":"^(?!a)"}`, `"abc"`, "does not match pattern"},
		{`{"pattern":"^(?!a)"}`, `"bc"`, ""},
		{`{"$ref":"#/$defs/a","$defs":{"a":{"type":"string"}}}`, `5`, "got number, want string"},
		{`{"$ref":"#"}`, `5`, "reference cycle"},
		{`{"items":{"$ref":"#"},"maxItems":1}`, `[[[1,2]]]`, "at '/0/0'"},
		{`false`, `1`, "false schema"},
	}
	for _, test := range tests {
		document, _ := decode([]byte(test.schema))
		data, _ := decode([]byte(test.data))
		compiled, err := compileSchema(document)
		if err != nil {
			t.Errorf("%s: %s", test.schema, err)
			continue
		}
		err = (&schema{compiled}).validate(data)
		switch {
		case test.want == "" && err != nil:
			t.Errorf("%s: %s: %s", test.schema, test.data, err)
		case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
			t.Errorf("%s: %s: %v, expected %s", test.schema, test.data, err, test.want)
		}
	}
}

// A pattern that backtracks without end is stopped.
func TestPatternThatBacktracks(t *testing.T) {
	compiled, err := compileSchema(map[string]any{"pattern": "^(?=x)(x+x+)+y$"})
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if err := (&schema{compiled}).validate(strings.Repeat("x", 60)); err == nil {
		t.Error("matches")
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("took %s", took)
	}
}

func TestDurations(t *testing.T) {
	tests := []struct {
		in   any
		want time.Duration
	}{
		{"PT30S", 30 * time.Second},
		{"PT0.001S", time.Millisecond},
		{"P1DT2H3M4.5S", 26*time.Hour + 3*time.Minute + 4500*time.Millisecond},
		{"P1W", 7 * 24 * time.Hour},
		{"P1M", 30 * 24 * time.Hour},
		{"P1Y", 365 * 24 * time.Hour},
		{"P100000Y", maxDuration},
		{map[string]any{"days": 1, "hours": 2, "minutes": 3, "seconds": 4, "milliseconds": 5}, 26*time.Hour + 3*time.Minute + 4005*time.Millisecond},
	}
	for _, test := range tests {
		if got, err := durationOf(test.in); err != nil || got != test.want {
			t.Errorf("%v is %s (%v), not %s", test.in, got, err, test.want)
		}
	}
	for _, bad := range []any{"", "30", "P", "PT", "PT5", "P1S", "-PT1S", 30, nil, map[string]any{"seconds": "1"}} {
		if got, err := durationOf(bad); err == nil {
			t.Errorf("%v is %s", bad, got)
		}
	}
}
