package agent

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"

	"gantry/transfer/journal"
)

// Agent is the edge node of one site.
type Agent struct {
	o      Options
	link   *linkState
	config configFile
	trace  *trace

	mu      sync.Mutex
	session *session // nil once it is closed
	aside   string   // where a damaged journal went
}

// New opens the agent's folder. It fails with a journal.InUse if another process has it. A damaged journal is set
// aside, which Status and an alarm tell.
func New(o Options) (*Agent, error) {
	o, err := o.complete()
	if err != nil {
		return nil, err
	}
	a := &Agent{
		o: o, config: configFile(filepath.Join(o.Dir, "config.json")),
		trace: &trace{now: o.Now}, link: &linkState{log: o.Logger, now: o.Now},
	}
	if a.session, err = a.open(); err != nil {
		return nil, err
	}
	return a, nil
}

// Run works until ctx ends, and returns nil then. Parts in flight are finished or left so that the next Run of a new
// Agent takes them up. The agent is closed when Run returns.
func (a *Agent) Run(ctx context.Context) error {
	for {
		s := a.current()
		if s == nil {
			return errors.New("agent: it is closed: make a new one")
		}
		err := s.run(ctx)
		if closed := a.Close(); err == nil {
			err = closed
		}
		if !errors.Is(err, journal.ErrDamaged) || ctx.Err() != nil {
			return err
		}
		if err := a.startAfresh(err); err != nil {
			return err
		}
	}
}

// Close frees the folder of an agent that does not run. It may be called more than once.
func (a *Agent) Close() error {
	a.mu.Lock()
	s := a.session
	a.session = nil
	a.mu.Unlock()
	if s == nil {
		return nil
	}
	return s.close()
}

// Status may be called at any time, also before Run and after it.
func (a *Agent) Status() Status {
	status := Status{Name: a.o.Name, Site: a.o.Site, Version: a.o.Version, Hub: a.link.get()}
	status.LastError, status.LastErrorAt = a.trace.last()
	a.mu.Lock()
	s := a.session
	status.Journal = a.aside
	a.mu.Unlock()
	if s != nil {
		s.status(&status)
	}
	return status
}

func (a *Agent) current() *session {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.session
}

func (a *Agent) journalDir() string { return filepath.Join(a.o.Dir, "journal") }

func (a *Agent) open() (*session, error) {
	s, err := newSession(a)
	if !errors.Is(err, journal.ErrDamaged) {
		return s, err
	}
	return a.reopen(err)
}

// startAfresh goes on with an empty journal after damage that was met while running.
func (a *Agent) startAfresh(damage error) error {
	s, err := a.reopen(damage)
	if err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.session = s
	return nil
}

// reopen sets a damaged journal aside. What it costs: events that the hub did not have yet are made anew from the
// files that still lie in the watched folders, each of which is read once more; uploads under way begin again.
func (a *Agent) reopen(damage error) (*session, error) {
	aside, err := journal.SetAside(a.journalDir(), a.o.Now())
	if err != nil {
		return nil, errors.Join(damage, err)
	}
	a.o.Logger.Error("the journal was damaged; an empty one takes its place", "error", damage, "aside", aside)
	s, err := newSession(a)
	if err != nil {
		return nil, err
	}
	a.mu.Lock()
	a.aside = aside
	a.mu.Unlock()
	_ = s.alarm(a.o.Name, fmt.Sprintf("the journal was damaged and is now %s: files under way are hashed again (%v)", aside, damage), false)
	return s, nil
}
