package schedule

import "time"

// A wish is something that waits for its turn.
type wish struct {
	job   *job
	since time.Time
	order int64
}

// A choice is made among wishes: the highest priority first, then the site and the
// job that have had the least. One turn in lendEvery goes to the lower one that has
// waited for the longest, if that is for Options.Age or more.
type choice struct {
	shares shares
	passed int // turns in a row that went past such a one
}

// lendEvery is the promise to those of low priority.
const lendEvery = 16

// best gives the index of the wish whose turn it is, and whether that is by age;
// -1 if there is none.
func (c *choice) best(core *core, now time.Time, n int, at func(int) (wish, bool)) (index int, aged bool) {
	index = -1
	oldest := -1
	var first, old wish
	var level Priority
	for i := range n {
		w, ok := at(i)
		if !ok {
			continue
		}
		l := w.job.level
		if index < 0 || l > level || l == level && c.sooner(w, first) {
			index, first, level = i, w, l
		}
		if now.Sub(w.since) >= core.o.Age && (oldest < 0 || w.since.Before(old.since) || w.since.Equal(old.since) && w.order < old.order) {
			oldest, old = i, w
		}
	}
	if oldest < 0 || old.job.level >= level {
		c.passed = 0
		return index, false
	}
	if c.passed+1 >= lendEvery {
		return oldest, true
	}
	return index, false
}

func (c *choice) sooner(a, b wish) bool {
	if a.job == b.job {
		return a.order < b.order
	}
	return c.shares.before(a.job, b.job)
}

// made is called when somebody got his turn. passedOver says that one of low
// priority has waited for long.
func (c *choice) made(j *job, bytes int64, aged bool) {
	c.shares.charge(j, bytes)
	if aged {
		c.passed = 0
		return
	}
	c.passed++
}
