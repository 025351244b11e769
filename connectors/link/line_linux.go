package link

import (
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A Line is what the connections of a place share: a long way, on which they keep a
// common pace ([governor]), of which each that has something to send gets a part. The
// zero Line serves. It may be used by many goroutines at once.
type Line struct {
	mu     sync.Mutex
	ways   []*way
	govern *governor // nil while nobody does
}

// A way is one connection of a line.
type way struct {
	raw  syscall.RawConn
	last unix.TCPInfo
	cap  float64 // bytes/s; 0 = none
	fits bool    // its congestion control may be chosen
	lazy bool    // it does not react to what is no loss: see choose
	gone bool

	arrived float64 // bytes, since the last look
	eager   bool
}

// fewWays is up to how many BBR does well by itself.
const fewWays = 1

// join has a connection keep to the pace of the line until it is closed.
func (l *Line) join(raw syscall.RawConn, roundTrip time.Duration, fits bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ways = append(l.ways, &way{raw: raw, fits: fits})
	if l.govern == nil {
		l.govern = &governor{}
		go l.keep(min(max(roundTrip/4, 10*time.Millisecond), 50*time.Millisecond))
	}
}

// keep looks after the pace for as long as there are connections.
func (l *Line) keep(every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	var sum mark
	for now := range tick.C {
		if !l.look(now, &sum) {
			return
		}
	}
}

// look takes one measurement and sets the pace. False if nobody is left.
func (l *Line) look(now time.Time, sum *mark) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	v, eager := l.measure(now, sum)
	if len(l.ways) == 0 {
		l.govern = nil
		return false
	}
	if v.roundTrip == 0 {
		return true // nothing is under way
	}
	pace := l.govern.pace(v)
	if len(l.ways) <= fewWays {
		pace = 0
	}
	l.share(pace, eager)
	for _, w := range l.ways {
		w.choose(pace > 0 && l.govern.sound)
	}
	return true
}

// measure adds up what the connections show, and forgets those that are closed.
func (l *Line) measure(now time.Time, sum *mark) (v view, eager int) {
	kept, active := l.ways[:0], 0
	var trips time.Duration
	for _, w := range l.ways {
		was := w.last
		if w.look(); w.gone {
			continue
		}
		kept = append(kept, w)
		sum.arrived += w.arrived
		sum.sent += float64(w.last.Bytes_sent - was.Bytes_sent)
		sum.repeated += float64(w.last.Bytes_retrans - was.Bytes_retrans)
		if least := time.Duration(w.last.Min_rtt) * time.Microsecond; v.least == 0 || least > 0 && least < v.least {
			v.least = least
		}
		if w.last.Unacked > 0 {
			active++
			trips += time.Duration(w.last.Rtt) * time.Microsecond
		}
		if w.eager {
			eager++
		}
	}
	clear(l.ways[len(kept):])
	l.ways = kept
	sum.at = now
	v.eager = eager > 0
	if v.mark = *sum; active > 0 {
		v.roundTrip = trips / time.Duration(active)
	}
	return v, eager
}

func (w *way) look() {
	var info *unix.TCPInfo
	err := w.raw.Control(func(fd uintptr) { info, _ = unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO) })
	if err != nil || info == nil {
		w.gone = true
		return
	}
	w.arrived = float64(info.Delivered-w.last.Delivered) * float64(info.Snd_mss) // wraps rightly
	w.eager = info.Notsent_bytes > 0
	w.last = *info
}

// share gives each connection its part of the pace. What some do not use, as they recover
// from a loss, the others that have something to send may. One that has nothing to send
// now begins with its part, too.
func (l *Line) share(pace float64, eager int) {
	part, left, quick := pace/float64(max(1, eager)), pace, 0.0
	for _, w := range l.ways {
		switch own := float64(w.last.Pacing_rate); {
		case !w.eager:
		case own < ownPace*min(w.cap, part):
			left -= own
		default:
			quick++
		}
	}
	for _, w := range l.ways {
		if w.eager && quick > 0 && float64(w.last.Pacing_rate) >= ownPace*min(w.cap, part) {
			w.bound(left / quick)
		} else {
			w.bound(part)
		}
	}
}

// ownPace is the share of what it may below which a connection goes at a pace of its own.
const ownPace = 0.95

// bound has the kernel send no more than that; 0 = as it likes.
func (w *way) bound(pace float64) {
	if pace == w.cap || pace > 0 && w.cap > 0 && pace > 0.99*w.cap && pace < 1.01*w.cap {
		return
	}
	w.cap = pace
	most := ^uint64(0)
	if pace > 0 {
		most = uint64(max(pace, 64<<10))
	}
	_ = w.raw.Control(func(fd uintptr) { _ = unix.SetsockoptUint64(int(fd), unix.SOL_SOCKET, unix.SO_MAX_PACING_RATE, most) })
}

// choose has the kernel leave the pace to us, where that is fine, or to BBR.
func (w *way) choose(lazy bool) {
	if lazy == w.lazy || !w.fits {
		return
	}
	w.lazy = lazy
	name := "bbr"
	if lazy {
		name = "cubic"
	}
	_ = w.raw.Control(func(fd uintptr) { _ = unix.SetsockoptString(int(fd), unix.IPPROTO_TCP, unix.TCP_CONGESTION, name) })
}
