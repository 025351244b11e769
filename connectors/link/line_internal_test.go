package link

import (
	"math/rand/v2"
	"testing"
	"time"
)

// A road is a line as a governor sees it: with a queue before its narrowest place, and a
// sender that keeps to the pace, or doubles each round trip where there is none.
type road struct {
	rate, loss float64
	trip       time.Duration

	now             time.Time
	queue           float64 // bytes
	free            float64 // the pace of TCP by itself, bytes/s
	sum             mark
	late            []view // that arrive a round trip later
	pace            float64
	others          float64 // bytes/s of somebody else
	carried, thrown float64
	random          *rand.Rand
}

const step = 5 * time.Millisecond

func (r *road) drive(g *governor, long time.Duration) (carried, longest float64) {
	began, from, busy := r.now, r.carried, 0.0
	for ; r.now.Sub(began) < long; r.now = r.now.Add(step) {
		sent := r.pace
		if sent == 0 {
			r.free *= 1 + 0.7*step.Seconds()/r.trip.Seconds()
			sent = min(r.free, 2*r.rate)
		}
		sent *= step.Seconds()
		lost := sent * r.loss * 2 * r.random.Float64() // by the line, beside what the queue throws away
		in := sent + r.others*step.Seconds()
		out := min(r.queue+in, r.rate*step.Seconds())
		ours := out * sent / in
		r.queue += in - out
		if most := r.rate * r.trip.Seconds(); r.queue > most {
			r.thrown += r.queue - most
			r.sum.repeated += r.queue - most
			r.queue = most
		}
		r.carried += max(0, ours-lost)
		busy = max(busy, r.queue/r.rate/r.trip.Seconds())
		r.sum.sent += sent
		r.sum.arrived += max(0, ours-lost)
		r.sum.repeated += lost
		wait := time.Duration(r.queue / r.rate * float64(time.Second))
		r.late = append(r.late, view{mark: mark{r.now.Add(r.trip), r.sum.arrived, r.sum.sent, r.sum.repeated}, roundTrip: r.trip + wait, least: r.trip, eager: true})
		for len(r.late) > 0 && !r.late[0].at.After(r.now) {
			r.pace = g.pace(r.late[0])
			r.late = r.late[1:]
		}
	}
	return (r.carried - from) / long.Seconds() / r.rate, busy
}

// TestGovernorFillsTheLine without a queue that matters, whatever the line is like.
func TestGovernorFillsTheLine(t *testing.T) {
	t.Parallel()
	for name, r := range map[string]*road{
		"200 Mbit/s, 100 ms":         {rate: 25e6, trip: 100 * time.Millisecond},
		"200 Mbit/s, 100 ms, 0.1 %":  {rate: 25e6, trip: 100 * time.Millisecond, loss: 0.001},
		"200 Mbit/s, 100 ms, 1 %":    {rate: 25e6, trip: 100 * time.Millisecond, loss: 0.01},
		"1 Gbit/s, 20 ms":            {rate: 125e6, trip: 20 * time.Millisecond, loss: 0.001},
		"50 Mbit/s, 300 ms":          {rate: 6.25e6, trip: 300 * time.Millisecond, loss: 0.01},
		"10 Mbit/s, 30 ms, 5 %":      {rate: 1.25e6, trip: 30 * time.Millisecond, loss: 0.05},
		"2.5 Gbit/s, 8 ms, lossless": {rate: 312e6, trip: 8 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			r.now, r.free, r.random = time.Unix(0, 0), 10*1448/r.trip.Seconds(), rand.New(rand.NewPCG(1, 2))
			g := &governor{}
			r.drive(g, 20*r.trip+2*time.Second)
			r.thrown = 0
			carried, queue := r.drive(g, 20*time.Second)
			if carried < 0.97*(1-r.loss) || queue > 0.5 || r.thrown > 0 {
				t.Errorf("%.3f of the line is used, up to %.2f round trips queue, %.0f bytes are thrown away", carried, queue, r.thrown)
			}
			if sound := r.loss == 0; g.sound != sound {
				t.Errorf("the line is taken for sound: %v", g.sound)
			}
			r.rate *= 3
			r.drive(g, 60*r.trip+3*time.Second)
			if carried, _ = r.drive(g, 5*time.Second); carried < 0.9*(1-r.loss) {
				t.Errorf("%.3f of a line that has become faster", carried)
			}
			r.rate /= 4
			r.drive(g, 60*r.trip+3*time.Second)
			if carried, _ = r.drive(g, 5*time.Second); carried < 0.9*(1-r.loss) || carried > 1.01 {
				t.Errorf("%.3f of a line that has become slower", carried)
			}
		})
	}
}

// TestGovernorYieldsToBBR where others fill the queue: who goes by the queue gets nothing.
func TestGovernorYieldsToBBR(t *testing.T) {
	t.Parallel()
	r := &road{rate: 25e6, trip: 100 * time.Millisecond, now: time.Unix(0, 0), free: 1e6, random: rand.New(rand.NewPCG(1, 2))}
	g := &governor{}
	r.drive(g, 5*time.Second)
	r.others = 20e6
	r.free = 25e6
	free := 0
	for range 1000 {
		r.drive(g, 10*time.Millisecond)
		if r.pace == 0 {
			free++
		}
	}
	if free < 200 {
		t.Errorf("in 10 s of a queue that others fill, TCP is left to itself for %v", time.Duration(free)*10*time.Millisecond)
	}
}
