package wan

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

func TestLink(t *testing.T) {
	const size = 1500
	for name, test := range map[string]struct {
		link  Link
		every time.Duration // a packet is sent
	}{
		"half full":       {Link{Rate: 200e6, RoundTrip: 100 * time.Millisecond}, 120 * time.Microsecond},
		"full, and lossy": {Link{Rate: 200e6, RoundTrip: 100 * time.Millisecond, Loss: 0.01}, 60 * time.Microsecond},
		"too much":        {Link{Rate: 200e6, RoundTrip: 100 * time.Millisecond, Queue: 20 * time.Millisecond}, 30 * time.Microsecond},
	} {
		d := direction{link: test.link, random: rand.New(rand.NewPCG(1, 2))}
		began := time.Unix(0, 0)
		now, last, arrived, longest := began, began, 0, time.Duration(0)
		for range 200_000 {
			if at, ok := d.pass(now, size); ok {
				if at.Before(last) {
					t.Fatalf("%s: a packet overtakes another", name)
				}
				longest, last = max(longest, at.Sub(now)), at
				arrived++
			}
			now = now.Add(test.every)
		}
		rate := float64(arrived*size*8) / now.Sub(began).Seconds()
		want := math.Min(float64(test.link.Rate), size*8/test.every.Seconds()) * (1 - test.link.Loss)
		if math.Abs(rate/want-1) > 0.02 {
			t.Errorf("%s: %.1f Mbit/s arrive; want %.1f", name, rate/1e6, want/1e6)
		}
		if most := test.link.RoundTrip/2 + test.link.Queue + 2*time.Millisecond; longest > most {
			t.Errorf("%s: a packet takes %v", name, longest)
		}
	}
}
