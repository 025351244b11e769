package agent

import (
	"sync"
	"time"
)

// alarmQuiet is how long an alarm that has ended is not raised again, so that a place that comes and goes does not
// fill the outbox.
const alarmQuiet = 5 * time.Minute

// alarms raise each thing once until it is over. Its methods may be called at once from many goroutines.
type alarms struct {
	tell func(subject, message string, cleared bool) error
	now  func() time.Time

	mu  sync.Mutex
	set map[alarmKey]*alarm
}

// alarmKey tells alarms about the same subject apart.
type alarmKey struct{ subject, cause string }

type alarm struct {
	active bool
	raised time.Time
}

// raise tells of something unless it has been told. What could not be told is told at the next call.
func (a *alarms) raise(subject, cause, message string) {
	key := alarmKey{subject, cause}
	if a.begin(key) && a.tell(subject, message, false) != nil {
		a.mu.Lock()
		delete(a.set, key)
		a.mu.Unlock()
	}
}

func (a *alarms) begin(key alarmKey) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.now()
	if old := a.set[key]; old != nil && (old.active || now.Sub(old.raised) < alarmQuiet) {
		return false
	}
	a.set[key] = &alarm{active: true, raised: now}
	return true
}

// clear tells that it is over, and returns true, if it was raised.
func (a *alarms) clear(subject, cause, message string) bool {
	x := a.end(alarmKey{subject, cause})
	if x != nil && a.tell(subject, message, true) != nil {
		a.mu.Lock()
		x.active = true
		a.mu.Unlock()
	}
	return x != nil
}

func (a *alarms) end(key alarmKey) *alarm {
	a.mu.Lock()
	defer a.mu.Unlock()
	x := a.set[key]
	if x == nil || !x.active {
		return nil
	}
	x.active = false
	return x
}
