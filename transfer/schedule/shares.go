package schedule

// shares is start-time fair queueing on two levels: who has had the least goes next,
// and who comes new begins where the others are.
type shares struct {
	sites ledger[string]
	jobs  map[string]*ledger[*job]
}

func (s *shares) jobsOf(site string) *ledger[*job] {
	l := s.jobs[site]
	if l == nil {
		if s.jobs == nil {
			s.jobs = map[string]*ledger[*job]{}
		}
		l = &ledger[*job]{}
		s.jobs[site] = l
	}
	return l
}

// before tells whether a has had less than b.
func (s *shares) before(a, b *job) bool {
	if a.work.Site != b.work.Site {
		x, y := s.sites.tag(a.work.Site), s.sites.tag(b.work.Site)
		return x < y || x == y && a.work.Site < b.work.Site
	}
	l := s.jobsOf(a.work.Site)
	x, y := l.tag(a), l.tag(b)
	return x < y || x == y && a.order < b.order
}

// charge enters what a job was given; below zero it was given back.
func (s *shares) charge(j *job, bytes int64) {
	s.sites.charge(j.work.Site, bytes)
	s.jobsOf(j.work.Site).charge(j, bytes)
}

// forget is for a job that has left.
func (s *shares) forget(j *job) {
	if l := s.jobs[j.work.Site]; l != nil {
		delete(l.spent, j)
		if len(l.spent) == 0 {
			delete(s.jobs, j.work.Site)
		}
	}
}

type ledger[K comparable] struct {
	now   int64 // where the last one was that was served
	spent map[K]int64
}

func (l *ledger[K]) tag(key K) int64 { return max(l.spent[key], l.now) }

func (l *ledger[K]) charge(key K, bytes int64) {
	if l.spent == nil {
		l.spent = map[K]int64{}
	}
	if bytes <= 0 {
		l.spent[key] += bytes
		return
	}
	l.now = l.tag(key)
	l.spent[key] = l.now + bytes
}
