package schedule

import (
	"fmt"
	"time"
)

// Waiting says in words for people what the job waits for; "" if it moves.
func (t *Ticket) Waiting() string {
	t.s.mu.Lock()
	defer t.s.mu.Unlock()
	return t.s.core.waiting(t.s.now(), t.job)
}

func (c *core) waiting(now time.Time, j *job) string {
	switch {
	case j.left:
		return ""
	case j.paused:
		return "paused"
	case !j.begun:
		return c.waitingToBegin(j)
	}
	for _, f := range j.flows {
		if l := c.stopped(f); l != nil && f.used {
			return held(l, now, f.lane.direction)
		}
	}
	if j.running > 0 {
		return ""
	}
	if len(j.note) > 0 {
		return j.note[0]
	}
	for _, f := range j.flows {
		for _, k := range f.lane.waiting {
			if k.flow == f {
				return c.waitingForSlot(now, k)
			}
		}
	}
	return ""
}

func (c *core) waitingToBegin(j *job) string {
	higher, earlier := c.line.before(j)
	switch {
	case higher > 0:
		return plural(higher, "job", "of higher priority goes first", "of higher priority go first")
	case earlier > 0:
		return plural(earlier, "job", "that came earlier goes first", "that came earlier go first")
	default:
		return plural(len(c.line.begun), "job", "is under way", "are under way")
	}
}

func held(l *limit, now time.Time, d Direction) string {
	text := "held by the bandwidth window of " + l.scope.String()
	until := l.table.Opens(now, d == Write)
	switch {
	case until.IsZero():
		return "held by the bandwidth limit of " + l.scope.String()
	case until.Sub(now) < 24*time.Hour:
		return text + " until " + until.Format("15:04")
	default:
		return text + " until " + until.Format("Mon 15:04")
	}
}

func (c *core) waitingForSlot(now time.Time, k *claim) string {
	e, l := k.flow.endpoint, k.flow.lane
	if now.Before(e.until) {
		return fmt.Sprintf("%s asks to wait until %s", e.name, e.until.Format("15:04:05"))
	}
	higher := map[*job]bool{}
	for _, other := range l.waiting {
		if other.job.level > k.job.level && !other.held {
			higher[other.job] = true
		}
	}
	for _, other := range l.running {
		if other.job.level > k.job.level {
			higher[other.job] = true
		}
	}
	if len(higher) > 0 {
		return plural(len(higher), "job", "of higher priority goes first", "of higher priority go first")
	}
	if full := c.full(k); full != nil {
		return "others go first within the bandwidth limit of " + full.scope.String()
	}
	n := len(l.running)
	if e.most > 0 && e.count() >= e.most {
		n = e.count()
	}
	if n == 1 {
		return "the slot of " + e.name + " is busy"
	}
	return fmt.Sprintf("all %d slots of %s are busy", n, e.name)
}

func plural(n int, what, one, many string) string {
	if n == 1 {
		return "1 " + what + " " + one
	}
	return fmt.Sprintf("%d %ss %s", n, what, many)
}
