package agent

import (
	"log/slog"
	"sync"
	"time"
)

// Link says how things stand with the hub.
type Link struct {
	Reachable bool      `json:"reachable"`
	Since     time.Time `json:"since"`           // of the last change
	Error     string    `json:"error,omitempty"` // why it is not reachable
}

// linkState is the one opinion on the hub that all calls share. A change is logged once.
type linkState struct {
	log  *slog.Logger
	now  func() time.Time
	back []bell // rung when the hub is there again
	mu   sync.Mutex
	link Link
}

// bell returns one that is rung when the hub is there again.
func (l *linkState) bell() bell {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := newBell()
	l.back = append(l.back, b)
	return b
}

func (l *linkState) get() Link {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.link
}

func (l *linkState) up() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.link.Reachable {
		return
	}
	l.link = Link{Reachable: true, Since: l.now()}
	l.log.Info("the hub answers")
	for _, b := range l.back {
		b.ring()
	}
}

func (l *linkState) down(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.link.Reachable || l.link.Since.IsZero() {
		l.link = Link{Since: l.now()}
		l.log.Warn("the hub cannot be used: working alone, events are kept", "error", err)
	}
	l.link.Error = err.Error()
}
