package agent

import (
	"sync"

	"gantry/transfer/schedule"
)

// crew bounds how much work is under way at once. Work of a priority counts only what is as urgent or more so, so that
// what is urgent never waits for what is not: whose bytes go first is then the scheduler's to say. What is paused does
// not count. Its methods may be called at once from many goroutines.
type crew struct {
	most     int
	priority func(work string, ordered schedule.Priority) schedule.Priority // as it is wanted now
	paused   func(work string) bool

	mu      sync.Mutex
	members map[string]schedule.Priority // as ordered, by work
}

func newCrew(most int, priority func(string, schedule.Priority) schedule.Priority, paused func(string) bool) *crew {
	return &crew{most: most, priority: priority, paused: paused, members: map[string]schedule.Priority{}}
}

func (c *crew) join(work string, ordered schedule.Priority) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.members[work] = ordered
}

func (c *crew) leave(work string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.members, work)
}

// room says for how many more there is room, by their priority.
func (c *crew) room() map[schedule.Priority]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	room := map[schedule.Priority]int{}
	for p := schedule.Bulk; p <= schedule.Urgent; p++ {
		room[p] = c.most
	}
	for work, ordered := range c.members {
		if c.paused(work) {
			continue
		}
		for p := schedule.Bulk; p <= c.priority(work, ordered); p++ {
			room[p] = max(room[p]-1, 0)
		}
	}
	return room
}
