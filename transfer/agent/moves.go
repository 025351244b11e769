package agent

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"gantry/transfer"
)

// moves runs jobs, and knows which are under way and how fast. Its methods may be called at once from many goroutines.
type moves struct {
	engine mover
	now    func() time.Time

	mu  sync.Mutex
	all map[string]*MoveStatus
}

func newMoves(engine mover, now func() time.Time) *moves {
	return &moves{engine: engine, now: now, all: map[string]*MoveStatus{}}
}

func (m *moves) run(ctx context.Context, j moveJob) (transfer.Receipt, error) {
	job, err := j.engineJob(ctx)
	if err != nil {
		return transfer.Receipt{}, err
	}
	s := m.begin(j)
	defer m.end(s)
	pace := newSpeed(m.now)
	job.Progress = func(p transfer.Progress) {
		rate := pace.at(p.Done)
		m.update(s, p, rate)
		if j.progress != nil {
			j.progress(p, rate)
		}
	}
	return m.engine.Run(ctx, job)
}

func (m *moves) begin(j moveJob) *MoveStatus {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := &MoveStatus{Job: j.id, Route: j.route, Path: printable(j.path), Since: m.now()}
	m.all[j.id] = s
	return s
}

func (m *moves) update(s *MoveStatus, p transfer.Progress, rate float64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s.Phase, s.Done, s.Total, s.Rate = p.Phase, p.Done, p.Total, rate
}

func (m *moves) end(s *MoveStatus) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.all[s.Job] == s {
		delete(m.all, s.Job)
	}
}

func (m *moves) status() []MoveStatus {
	m.mu.Lock()
	defer m.mu.Unlock()
	list := make([]MoveStatus, 0, len(m.all))
	for _, s := range m.all {
		list = append(list, *s)
	}
	slices.SortFunc(list, func(a, b MoveStatus) int { return strings.Compare(a.Job, b.Job) })
	return list
}

// speed is the mean rate of the last few seconds. One goroutine uses it.
type speed struct {
	now  func() time.Time
	seen []speedPoint
}

type speedPoint struct {
	at   time.Time
	done int64
}

const speedWindow = 4 * time.Second

func newSpeed(now func() time.Time) *speed { return &speed{now: now} }

func (s *speed) at(done int64) float64 {
	now := s.now()
	s.seen = append(s.seen, speedPoint{now, done})
	for len(s.seen) > 2 && now.Sub(s.seen[1].at) > speedWindow {
		s.seen = s.seen[1:]
	}
	first := s.seen[0]
	if took := now.Sub(first.at).Seconds(); took > 0 && done > first.done {
		return float64(done-first.done) / took
	}
	return 0
}
