package watch

import (
	"sync"

	"github.com/fsnotify/fsnotify"
)

// pump empties a notifier as fast as the kernel fills it, so that a long scan does not make the kernel's queue overflow. It folds the
// events of one path into one.
type pump struct {
	mu    sync.Mutex
	dirty map[string]fsnotify.Op
	lost  error // events were lost: all has to be read again

	wake chan struct{} // holds a token while something waits
	done chan struct{}
}

func startPump(n notifier) *pump {
	p := &pump{dirty: map[string]fsnotify.Op{}, wake: make(chan struct{}, 1), done: make(chan struct{})}
	go p.run(n)
	return p
}

// run ends when the notifier is closed.
func (p *pump) run(n notifier) {
	defer close(p.done)
	events, errs := n.Events(), n.Errors()
	for events != nil || errs != nil {
		select {
		case e, ok := <-events:
			if !ok {
				events = nil
				continue
			}
			if e.Op &^= fsnotify.Chmod; e.Op != 0 {
				p.put(e.Name, e.Op, nil)
			}
		case err, ok := <-errs:
			if !ok {
				errs = nil
				continue
			}
			p.put("", 0, err)
		}
	}
}

func (p *pump) put(name string, op fsnotify.Op, lost error) {
	p.mu.Lock()
	if lost != nil {
		p.lost = lost
	} else {
		p.dirty[name] |= op
	}
	p.mu.Unlock()
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// take returns what has gathered since the last call.
func (p *pump) take() (dirty map[string]fsnotify.Op, lost error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	dirty, lost = p.dirty, p.lost
	p.dirty, p.lost = map[string]fsnotify.Op{}, nil
	return dirty, lost
}
