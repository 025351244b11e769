package schedule

import (
	"slices"
	"time"
)

// line is the jobs that want to begin, and a count of those that have.
type line struct {
	waiting []*job
	begun   []*job
	choice  choice
	same    bool           // nothing has changed since the last look
	sites   map[string]int // see under
}

// admit lets jobs begin while there is room for them. A part of the room is kept
// for what is more urgent: bulk jobs have half of it, with normal ones three
// quarters, and an urgent job begins at once. So does the first job of a site.
func (l *line) admit(c *core, now time.Time) {
	if l.same {
		return
	}
	l.same = true
	for len(l.waiting) > 0 {
		u := l.under()
		i, aged := l.choice.best(c, now, len(l.waiting), func(i int) (wish, bool) {
			j := l.waiting[i]
			return wish{j, j.entered, j.order}, !j.paused && u.room(j, c.o.Jobs)
		})
		if i < 0 {
			return
		}
		j := l.waiting[i]
		l.waiting = slices.Delete(l.waiting, i, i+1)
		l.begun = append(l.begun, j)
		j.begun = true
		l.choice.made(j, 1, aged)
		close(j.begin)
	}
}

// underway counts the jobs that have begun. It is valid until the next count.
type underway struct {
	bulk, normal, all int
	sites             map[string]int
}

func (l *line) under() underway {
	if l.sites == nil {
		l.sites = map[string]int{}
	}
	clear(l.sites)
	u := underway{sites: l.sites}
	for _, j := range l.begun {
		if j.paused {
			continue
		}
		u.all++
		u.sites[j.work.Site]++
		switch {
		case j.level <= Bulk:
			u.bulk++
		case j.level == Normal:
			u.normal++
		}
	}
	return u
}

func (u underway) room(j *job, most int) bool {
	switch {
	case j.level >= Urgent || u.sites[j.work.Site] == 0 && u.all < 2*most:
		return true
	case u.all >= most:
		return false
	case j.level <= Bulk:
		return u.bulk < max(1, most/2)
	case j.level == Normal:
		return u.bulk+u.normal < max(1, most*3/4)
	default:
		return true
	}
}

func (l *line) leave(j *job) {
	l.same = false
	for _, list := range []*[]*job{&l.waiting, &l.begun} {
		if i := slices.Index(*list, j); i >= 0 {
			*list = slices.Delete(*list, i, i+1)
		}
	}
	l.choice.shares.forget(j)
}

// before counts the jobs that wait with a higher priority, and those that came
// earlier with the same one.
func (l *line) before(j *job) (higher, earlier int) {
	for _, other := range l.waiting {
		switch {
		case other.paused || other == j:
		case other.level > j.level:
			higher++
		case other.level == j.level && other.order < j.order:
			earlier++
		}
	}
	return higher, earlier
}
