package link

import (
	"slices"
	"testing"
	"time"
)

func TestCongestionIsChosenByTheWay(t *testing.T) {
	for name, test := range map[string]struct {
		choice    Congestion
		roundTrip time.Duration
		system    string
		want      []string
		must      bool
	}{
		"long":                {Auto, 100 * time.Millisecond, "cubic", []string{"bbr"}, false},
		"long, as it is":      {Auto, 100 * time.Millisecond, "bbr", nil, false},
		"next door":           {Auto, 30 * time.Microsecond, "bbr", []string{"cubic", "reno"}, false},
		"next door, as it is": {"", 30 * time.Microsecond, "cubic", nil, false},
		"between":             {Auto, 2 * time.Millisecond, "bbr", nil, false},
		"not known":           {Auto, 0, "bbr", nil, false},
		"left to the system":  {System, 100 * time.Millisecond, "cubic", nil, false},
		"by name":             {"vegas", time.Millisecond, "cubic", []string{"vegas"}, true},
	} {
		if got, must := test.choice.choose(test.roundTrip, test.system); !slices.Equal(got, test.want) || must != test.must {
			t.Errorf("%s: %v, %v", name, got, must)
		}
	}
}
