package schedule

import (
	"slices"
	"time"
)

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
	done, total := j.progress()
	rate := j.rate
	if rate < 1 {
		rate = guessedRate
	}
	return time.Second + time.Duration(float64(total-done)/rate*float64(time.Second))
}

// progress is how far the job is: by the slowest of the places that it writes to, or
// reads from while nothing is written, and by the slowest of the copies that are read
// back.
func (j *job) progress() (done, total int64) {
	size := j.work.Size
	if size < 1 {
		size = guessedSize
	}
	written, read, back := int64(-1), int64(-1), int64(-1)
	for _, f := range j.flows {
		if !f.used {
			continue
		}
		far := &read
		switch {
		case f.lane.direction == Write:
			far = &written
		case j.writesTo(f.endpoint):
			far = &back
		}
		if moved := min(f.moved.Load(), size); *far < 0 || moved < *far {
			*far = moved
		}
	}
	if written < 0 {
		written = max(0, read)
	}
	if back < 0 {
		return written, size
	}
	return written + back, 2 * size
}

func (j *job) writesTo(e *endpoint) bool {
	return slices.ContainsFunc(j.flows, func(f *flow) bool { return f.used && f.endpoint == e && f.lane.direction == Write })
}

// look updates the rate and the level.
func (j *job) look(now time.Time) {
	if dt := now.Sub(j.looked); dt >= time.Second {
		moved, _ := j.progress()
		if rate := float64(max(0, moved-j.seen)) / dt.Seconds(); j.begun && !j.looked.IsZero() && moved > 0 {
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
