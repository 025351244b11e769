package main

import (
	"strings"
	"testing"
	"time"
)

func TestSpread(t *testing.T) {
	for _, test := range []struct {
		values []float64
		want   spread
	}{
		{nil, spread{}},
		{[]float64{3}, spread{3, 3, 3}},
		{[]float64{3, 1, 2}, spread{1, 2, 3}},
		{[]float64{4, 1, 2, 3}, spread{1, 2.5, 4}},
	} {
		if got := spreadOf(test.values); got != test.want {
			t.Errorf("%v: %v; want %v", test.values, got, test.want)
		}
	}
}

// Ratios are of the same round: a slow round of everybody changes none.
func TestTable(t *testing.T) {
	o := &outcome{Scenario: "up", Files: 1, Bytes: 1 << 30, LeftOut: map[string]string{"mc": "not installed"}}
	for _, slow := range []time.Duration{1, 10} {
		o.add("peer", figure{Wall: 2 * slow * time.Second, CPU: 3 * time.Second, RSS: 7 << 20})
		o.add(us, figure{Wall: slow * time.Second, CPU: time.Second, RSS: 100 << 20})
	}
	got := o.table()
	for _, want := range []string{"### up: 1 × 1 GiB", "2.00 (2.00–2.00)", "563 (102–1024)", "3.00 (3.00–3.00)", "mc: not installed"} {
		if !strings.Contains(got, want) {
			t.Errorf("%s\nlacks %q", got, want)
		}
	}
}

func TestScenariosHaveNamesOfTheirOwn(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range scenarios() {
		if seen[s.name] || s.set == nil {
			t.Errorf("%q", s.name)
		}
		seen[s.name] = true
	}
}
