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
	var first wish
	for i := range n {
		w, ok := at(i)
		if ok && (index < 0 || w.job.level > first.job.level || w.job.level == first.job.level && c.sooner(w, first)) {
			index, first = i, w
		}
	}
	if index < 0 || n == 1 {
		c.passed = 0
		return index, false
	}
	oldest, old := -1, wish{since: now.Add(-core.o.Age + 1)}
	for i := range n {
		w, ok := at(i)
		if ok && w.job.level < first.job.level && (w.since.Before(old.since) || w.since.Equal(old.since) && w.order < old.order) {
			oldest, old = i, w
		}
	}
	switch {
	case oldest < 0:
		c.passed = 0
	case c.passed+1 >= lendEvery:
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

// made is called when somebody got his turn.
func (c *choice) made(j *job, bytes int64, aged bool) {
	c.shares.charge(j, bytes)
	if aged {
		c.passed = 0
		return
	}
	c.passed++
}
