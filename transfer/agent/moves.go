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
	site   string
	now    func() time.Time
	begin  func(job, work string) // a job is about to run

	mu  sync.Mutex
	all map[string]*moving
}

func newMoves(engine mover, site string, now func() time.Time) *moves {
	return &moves{engine: engine, site: site, now: now, all: map[string]*moving{}, begin: func(string, string) {}}
}

// moving is a job under way.
type moving struct {
	MoveStatus
	told func(transfer.Progress) // may be nil

	telling sync.Mutex // one call at a time, and none after its end
	over    bool
}

func (m *moves) run(ctx context.Context, j moveJob) (transfer.Receipt, error) {
	job, err := j.engineJob(ctx)
	if err != nil {
		return transfer.Receipt{}, err
	}
	job.Site = m.site
	s := m.enter(j)
	defer m.end(s)
	m.begin(j.id, j.work)
	job.Progress = func(p transfer.Progress) { m.update(s, p) }
	return m.engine.Run(ctx, job)
}

func (m *moves) enter(j moveJob) *moving {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := &moving{MoveStatus: MoveStatus{Job: j.id, Route: j.route, Path: printable(j.path), Since: m.now()}, told: j.progress}
	m.all[j.id] = s
	return s
}

func (m *moves) update(s *moving, p transfer.Progress) {
	m.mu.Lock()
	s.Phase, s.Done, s.Total, s.Rate, s.ETA, s.Waiting, s.Priority = p.Phase, p.Sent, p.Size, p.Rate, p.ETA, p.Waiting, p.Priority
	m.mu.Unlock()
	s.telling.Lock()
	defer s.telling.Unlock()
	if s.told != nil && !s.over {
		s.told(p)
	}
}

// tellWaiting tells what jobs wait for: those that have not begun, and small ones, do not tell of themselves.
func (m *moves) tellWaiting(ctx context.Context) {
	for rest(ctx, time.Second, nil) {
		for _, p := range m.engine.Running() {
			if p.Waiting == "" {
				continue
			}
			m.mu.Lock()
			s := m.all[p.Job]
			m.mu.Unlock()
			if s != nil {
				m.update(s, p)
			}
		}
	}
}

func (m *moves) end(s *moving) {
	s.telling.Lock()
	s.over = true
	s.telling.Unlock()
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
		list = append(list, s.MoveStatus)
	}
	slices.SortFunc(list, func(a, b MoveStatus) int { return strings.Compare(a.Job, b.Job) })
	return list
}
