package schedule

import (
	"sync/atomic"
	"time"
)

// endpoint is a place, with a lane for each direction.
type endpoint struct {
	name  string
	most  int // parts at once in both directions; 0 = not known
	lanes [2]lane
	until time.Time // it has asked not to be called before
}

// lane is what moves one way at an endpoint.
type lane struct {
	endpoint  *endpoint
	direction Direction
	adaptive  adaptive
	moved     atomic.Int64
	waiting   []*claim
	running   []*claim
	choice    choice
	brake     gate      // of the lower ones while urgent parts move
	took      time.Time // when a slot was taken away last
}

func newEndpoint(name string) *endpoint {
	e := &endpoint{name: name}
	for d := range e.lanes {
		e.lanes[d] = lane{endpoint: e, direction: Direction(d), adaptive: newAdaptive()}
	}
	return e
}

// flow is the parts of one job in one lane.
type flow struct {
	job      *job
	endpoint *endpoint
	lane     *lane
	whole    bool
	near     bool
	used     bool
	running  int
	lost     int       // parts in a row that were taken away
	held     time.Time // since when parts that wait may not move; zero if they may
	moved    atomic.Int64
}

// claim is a part that waits for a slot or has one.
type claim struct {
	wish
	flow    *flow
	bytes   int64
	weight  int
	granted time.Time
	held    bool     // it may not move
	aged    bool     // got its slot by age
	dying   bool     // its slot was taken away
	limits  []*limit // that count it
	asking  int      // gates that it waits at
	seen    int64    // what had moved when it was looked at
	stood   time.Time
	moved   atomic.Int64
	ready   chan struct{} // closed when it has its slot, or err
	err     error
	end     func(cause error)
}

// heavy is the weight of a large part; of small ones more go at once.
const heavy = 4

func weigh(bytes int64) int {
	if bytes <= 1<<20 {
		return 1
	}
	return heavy
}

func (e *endpoint) count() int { return len(e.lanes[Read].running) + len(e.lanes[Write].running) }

// most bounds what is tried in the lane.
func (l *lane) most(o Options) int {
	most := o.Slots
	if l.endpoint.most > 0 {
		most = min(most, l.endpoint.most)
	}
	return most
}

// free tells whether there is a slot left.
func (l *lane) free(c *core, k *claim) bool {
	if len(l.running) >= c.o.Slots || l.endpoint.most > 0 && l.endpoint.count() >= l.endpoint.most {
		return false
	}
	weight := 0
	for _, r := range l.running {
		if !r.dying {
			weight += r.weight
		}
	}
	return weight == 0 || weight+k.weight <= l.adaptive.limit*heavy
}
