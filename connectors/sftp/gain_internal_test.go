package sftp

import (
	"testing"
	"time"
)

// play moves bytes at rates that depend on how many connections there are, and tells how
// many there are in the end.
func play(rates ...float64) (connections int) {
	g, now, moved, connections := gain{}, time.Unix(0, 0), int64(0), 1
	for tick := range 600 {
		rate := rates[min(connections, len(rates))-1]
		if tick < 20 {
			rate *= float64(tick) / 20 // TCP begins slowly
		}
		moved += int64(rate / 10)
		now = now.Add(100 * time.Millisecond)
		if g.wants(now, moved) && connections < 3 {
			connections++
			g.added()
		}
	}
	return connections
}

func TestConnectionsAreAddedWhereTheyBringSomething(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		rates []float64
		want  int
	}{
		"a line that one connection fills": {[]float64{24e6}, 2}, // it tries one
		"a share for each":                 {[]float64{3e6, 6e6, 9e6}, 3},
		"a line that two fill":             {[]float64{13e6, 24e6, 24e6}, 3},
	} {
		if got := play(test.rates...); got != test.want {
			t.Errorf("%s: %d connections, want %d", name, got, test.want)
		}
	}
	var g gain
	if g.wants(time.Unix(0, 0), 0); g.wants(time.Unix(3600, 0), 1<<30) {
		t.Error("it believes a measurement that nobody went on with")
	}
}
