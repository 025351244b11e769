// Package fault makes a place fail by a script, for tests: errors before or after
// a call is made, streams and listings that break off, end too early, stall or
// change a bit, and sizes that are lies. The same calls in the same order give the
// same faults.
package fault

import (
	"sync"

	"gantry/connectors"
	"gantry/connectors/wrap"
)

// A Fault is one thing that goes wrong. It counts the calls that get so far: a
// stream that is to break off has to be opened first.
type Fault struct {
	Op     wrap.Op
	Path   string // of the calls that it concerns; "" = any
	Nth    int    // of these calls, from 1 on; 0 = the first
	Times  int    // how many of them in a row; 0 = one, below zero = all from there on
	Effect Effect
}

// An Effect is what goes wrong with a call. The functions of this package make
// them.
type Effect struct {
	before, after error // of the call: not made at all, or made and then reported as failed
	at            int64 // byte of a stream or a part, or entry of a listing, where it happens
	flow          flow
	err           error // of cut
	bit           byte  // of flip
	size          int64 // added to each size
}

type flow int

const (
	flows flow = iota
	cuts
	ends
	stalls
	flips
)

// Fail returns err without making the call.
func Fail(err error) Effect { return Effect{before: err} }

// LoseReply makes the call and returns err.
func LoseReply(err error) Effect { return Effect{after: err} }

// Cut breaks a stream, the bytes of a part or a listing off with err after so many
// bytes or entries.
func Cut(after int64, err error) Effect { return Effect{flow: cuts, at: after, err: err} }

// Short ends a stream, the bytes of a part or a listing after so many bytes or
// entries, as if that were all.
func Short(after int64) Effect { return Effect{flow: ends, at: after} }

// Stall lets nothing through after so many bytes or entries until the context
// ends.
func Stall(after int64) Effect { return Effect{flow: stalls, at: after} }

// Flip changes one bit (0 to 7) of the byte at an offset of a stream or a part.
func Flip(at int64, bit int) Effect { return Effect{flow: flips, at: at, bit: 1 << bit} }

// LieAboutSize adds to the size that entries tell.
func LieAboutSize(add int64) Effect { return Effect{size: add} }

// A Script is a list of faults and how far it has got. It may be used by many
// goroutines and places at once; the order of their calls is then what decides.
type Script struct {
	mu    sync.Mutex
	lines []line
}

type line struct {
	Fault
	calls, done int
}

// NewScript makes a script. Of several faults for one call the first is taken.
func NewScript(faults ...Fault) *Script {
	s := &Script{}
	for _, f := range faults {
		s.lines = append(s.lines, line{Fault: f})
	}
	return s
}

// Left gives the faults that have not happened yet, or not as often as they were
// to. Those that are to happen for ever count as soon as they have happened once.
func (s *Script) Left() (left []Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.lines {
		if l.done == 0 || l.done < l.Times {
			left = append(left, l.Fault)
		}
	}
	return left
}

// next counts a call and gives what goes wrong with it, of the effects that are
// wanted here.
func (s *Script) next(op wrap.Op, path string, wanted func(Effect) bool) (e Effect, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.lines {
		l := &s.lines[i]
		if l.Op != op || l.Path != "" && l.Path != path || !wanted(l.Effect) {
			continue
		}
		l.calls++
		if !ok && l.due() {
			l.done++
			e, ok = l.Effect, true
		}
	}
	return e, ok
}

func ofCall(e Effect) bool    { return e.before != nil || e.after != nil }
func ofFlow(e Effect) bool    { return e.flow != flows }
func ofEntry(e Effect) bool   { return e.size != 0 }
func ofListing(e Effect) bool { return ofCall(e) || ofFlow(e) }

func (l *line) due() bool {
	return l.calls >= max(1, l.Nth) && (l.Times < 0 || l.done < max(1, l.Times))
}

// Wrap gives a place that fails by the script.
func (s *Script) Wrap(inner connectors.Place) connectors.Place {
	return wrap.Around(inner, wrap.Hooks{Call: s.call, Stream: s.stream, Part: s.part, List: s.list, Entry: s.entry})
}
