package schedule

import "time"

// What is assumed of a job of which nothing was seen yet.
const (
	guessedRate = 4 << 20 // bytes/s
	guessedSize = 1 << 30
)

// effective is the priority that a job has now: as ordered, or higher when its time
// gets short. With six times the time that it still needs it is normal, with three
// times high, and with one and a half urgent.
func (j *job) effective(now time.Time) Priority {
	p := j.work.Priority
	if j.work.Deadline.IsZero() {
		return p
	}
	left, need := j.work.Deadline.Sub(now), j.needs()
	switch {
	case left <= need*3/2:
		return max(p, Urgent)
	case left <= need*3:
		return max(p, High)
	case left <= need*6:
		return max(p, Normal)
	default:
		return p
	}
}

// needs is how long what is left takes at the rate that was seen.
func (j *job) needs() time.Duration {
	size := j.work.Size
	if size < 1 {
		size = guessedSize
	}
	left := max(0, size-j.moved())
	rate := j.rate
	if rate < 1 {
		rate = guessedRate
	}
	return time.Second + time.Duration(float64(left)/rate*float64(time.Second))
}

// moved is how far the slowest of its flows has got.
func (j *job) moved() int64 {
	least := int64(-1)
	for _, f := range j.flows {
		if n := f.moved.Load(); f.used && (least < 0 || n < least) {
			least = n
		}
	}
	return max(0, least)
}

// look updates the rate and the level.
func (j *job) look(now time.Time) {
	if dt := now.Sub(j.looked); dt >= time.Second {
		moved := j.moved()
		if rate := float64(moved-j.seen) / dt.Seconds(); j.begun && !j.looked.IsZero() && moved > 0 {
			j.rate = blend(j.rate, rate)
		}
		j.looked, j.seen = now, moved
	}
	j.level = j.effective(now)
}

// blend smooths a rate.
func blend(before, now float64) float64 {
	if before == 0 {
		return now
	}
	return before*0.7 + now*0.3
}
