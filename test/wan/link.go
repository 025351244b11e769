package wan

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// A Link is what happens to packets between two machines, in each direction for itself.
type Link struct {
	Rate      int64         // bits a second, headers of IP and TCP included
	RoundTrip time.Duration // there and back, without the queue
	Loss      float64       // of each packet, from 0 to 1, at random
	Queue     time.Duration // how much may wait for its turn before more is dropped; 0 = RoundTrip
}

// mtu is the size of the packets on a link, and headers what IP and TCP, with its time
// stamps, take of each.
const mtu, headers = 1500, 20 + 20 + 12

// Payload is the bytes of a connection that the link carries in a second, if nothing is
// lost: the most that anybody can move.
func (l Link) Payload() float64 { return float64(l.Rate) / 8 * (mtu - headers) / mtu }

func (l Link) String() string {
	return fmt.Sprintf("%dMbit-%dms-loss%g%%", l.Rate/1e6, l.RoundTrip.Milliseconds(), l.Loss*100)
}

// A direction is one way of a link. It belongs to one goroutine.
type direction struct {
	link   Link
	random *rand.Rand
	free   time.Time // when the sender is done with what is before it
}

// pass tells when a packet of this size, sent now, arrives; false if it never does.
func (d *direction) pass(now time.Time, size int) (arrives time.Time, ok bool) {
	queue := d.link.Queue
	if queue == 0 {
		queue = d.link.RoundTrip
	}
	if d.free.Before(now) {
		d.free = now
	}
	if d.free.Sub(now) > queue {
		return now, false
	}
	d.free = d.free.Add(time.Duration(float64(size*8) / float64(d.link.Rate) * float64(time.Second)))
	if d.random.Float64() < d.link.Loss {
		return now, false
	}
	return d.free.Add(d.link.RoundTrip / 2), true
}
