package throttle

import (
	"sync"
	"time"

	"gantry/connectors"
)

// movements are those under way. Each direction shares its limit.
type movements struct {
	mu    sync.Mutex
	live  map[*moving]bool
	timer *time.Timer
}

type moving struct {
	connectors.Moving
	t       *Throttle
	receive bool
	own     int64 // the limit that the caller set; 0 = none
	given   int64 // what it was told last
}

// limit is the rate that movements share. They cannot be held, so that they crawl
// where nothing may move.
func (t *Throttle) limit(receive bool) int64 {
	limit := t.up.get()
	if receive {
		limit = t.down.get()
	}
	if limit < 0 {
		return 1
	}
	return int64(limit)
}

// movement gives one that is about to start its share.
func (t *Throttle) movement(m connectors.Movement) connectors.Movement {
	t.movements.mu.Lock()
	defer t.movements.mu.Unlock()
	if limit := t.limit(m.Receive); limit > 0 {
		m.Rate = least(m.Rate, max(1, limit/(t.movements.count(m.Receive)+1)))
	}
	return m
}

func (t *Throttle) moving(m connectors.Movement, inner connectors.Moving) connectors.Moving {
	w := &moving{Moving: inner, t: t, receive: m.Receive, own: m.Rate, given: -1}
	t.movements.mu.Lock()
	if t.movements.live == nil {
		t.movements.live = make(map[*moving]bool)
	}
	t.movements.live[w] = true
	t.movements.mu.Unlock()
	t.movements.share(t)
	return w
}

// SetRate lowers the movement's own limit below its share.
func (w *moving) SetRate(rate int64) error {
	w.t.movements.mu.Lock()
	w.own = rate
	rate = least(rate, w.t.movements.part(w.t, w.receive))
	w.given = rate
	w.t.movements.mu.Unlock()
	return w.Moving.SetRate(rate)
}

// Wait gives the share back.
func (w *moving) Wait() (connectors.Entry, error) {
	defer func() {
		w.t.movements.mu.Lock()
		delete(w.t.movements.live, w)
		w.t.movements.mu.Unlock()
		w.t.movements.share(w.t)
	}()
	return w.Moving.Wait()
}

// share tells all movements what they may use now. One that has ended meanwhile
// cannot take it, and need not.
func (ms *movements) share(t *Throttle) {
	ms.mu.Lock()
	defer ms.mu.Unlock()
	for w := range ms.live {
		if rate := least(w.own, ms.part(t, w.receive)); rate != w.given {
			w.given = rate
			_ = w.Moving.SetRate(rate)
		}
	}
	ms.watch(t)
}

// watch shares anew when a timetable changes the limit, while there is a movement.
// It needs the lock.
func (ms *movements) watch(t *Throttle) {
	if ms.timer != nil {
		ms.timer.Stop()
		ms.timer = nil
	}
	next := t.up.turns()
	if down := t.down.turns(); next.IsZero() || !down.IsZero() && down.Before(next) {
		next = down
	}
	if len(ms.live) > 0 && !next.IsZero() {
		ms.timer = time.AfterFunc(next.Sub(t.up.now())+time.Millisecond, func() { ms.share(t) })
	}
}

func (ms *movements) part(t *Throttle, receive bool) int64 {
	limit := t.limit(receive)
	if limit == 0 {
		return 0
	}
	return max(1, limit/max(ms.count(receive), 1))
}

func (ms *movements) count(receive bool) (n int64) {
	for w := range ms.live {
		if w.receive == receive {
			n++
		}
	}
	return n
}

// least is the lower of two limits, of which zero is none.
func least(a, b int64) int64 {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}
