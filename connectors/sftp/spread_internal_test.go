package sftp

import (
	"testing"
	"time"
)

// TestConnectionsOfALongWay are more than of a short one, unless somebody has said how many.
func TestConnectionsOfALongWay(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		freely    bool
		wished    int
		roundTrip time.Duration
		most      int
	}{
		"far":                {true, 3, 100 * time.Millisecond, abreast},
		"far, as wished":     {false, 2, 100 * time.Millisecond, 2},
		"far, many wished":   {false, 20, 100 * time.Millisecond, 20},
		"nearby":             {true, 3, 10 * time.Millisecond, 3},
		"nobody knows where": {true, 3, 0, 3},
	} {
		p := newPool(config{freely: test.freely, connections: test.wished})
		p.conns = []*conn{{link: &link{wire: &wired{roundTrip: test.roundTrip}}}}
		if n := p.atMost(); n != test.most {
			t.Errorf("%s: %d connections; want %d", name, n, test.most)
		}
	}
}
