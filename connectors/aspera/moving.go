package aspera

import (
	"context"
	"crypto/rand"
	"errors"
	"os"
	"path"
	"sync"
	"time"

	"gantry/connectors"
	"gantry/connectors/aspera/ascp"
	"gantry/connectors/aspera/spec"
)

// A session is what there is to an *ascp.Session while it runs.
type session interface{ SetRate(spec.Kbps) error }

// moving is a movement under way.
type moving struct {
	place    *place
	movement connectors.Movement
	plan     plan
	program  string

	agreed     chan struct{}
	agree      sync.Once
	arrived    int64 // the most that was reported; of the goroutine that runs
	done       chan struct{}
	entry, was connectors.Entry // was: of the file in the place, before it is received
	err        error

	mu      sync.Mutex
	rate    int64   // bytes/s; 0 = the location's
	changed bool    // rate counts, and not the Movement's
	session session // the one that runs; nil between two
}

// Wait implements connectors.Moving.
func (w *moving) Wait() (connectors.Entry, error) {
	<-w.done
	return w.entry, w.err
}

// SetRate implements connectors.Moving. It also holds for sessions that start
// later. The limit cannot be lifted from a running session where the location has
// none of its own.
func (w *moving) SetRate(rate int64) error {
	w.mu.Lock()
	w.rate, w.changed = rate, true
	session := w.session
	w.mu.Unlock()
	if kbps := w.target(); session != nil && kbps > 0 {
		if err := session.SetRate(kbps); err != nil {
			return connectors.Errorf(connectors.KindUnavailable, "change the rate of", w.movement.Path, "%w", err)
		}
	}
	return nil
}

// target is the lower of the location's rate and the movement's.
func (w *moving) target() spec.Kbps {
	w.mu.Lock()
	defer w.mu.Unlock()
	limit := w.movement.Rate
	if w.changed {
		limit = w.rate
	}
	own := w.place.base.TargetRate
	if limit <= 0 {
		return own
	}
	if kbps := spec.FromBytes(limit); own == 0 || kbps < own {
		return kbps
	}
	return own
}

func (w *moving) run(ctx context.Context) {
	defer close(w.done)
	defer func() { <-w.place.slots }()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(w.place.open, func() { cancel(errClosed) })()
	w.entry, w.err = w.do(ctx)
}

// do moves the file.
func (w *moving) do(ctx context.Context) (connectors.Entry, error) {
	if err := w.persevere(ctx, w.look); err != nil {
		return connectors.Entry{}, err
	}
	id := rand.Text()
	if err := w.persevere(ctx, func(ctx context.Context) (bool, error) { return w.once(ctx, id) }); err != nil {
		return connectors.Entry{}, err
	}
	var entry connectors.Entry
	err := w.persevere(ctx, func(ctx context.Context) (_ bool, err error) {
		entry, err = w.conclude(ctx)
		return false, err
	})
	return entry, err
}

// persevere repeats a step as long as that is of use. The step tells whether it
// made progress before it failed.
func (w *moving) persevere(ctx context.Context, step func(context.Context) (bool, error)) error {
	b := backoff{attempts: w.place.attempts}
	for {
		progress, err := step(ctx)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return connectors.Errorf(connectors.KindOf(context.Cause(ctx)), "move", w.movement.Path, "%w; the same movement goes on from where it stopped", context.Cause(ctx))
		}
		pause, again := b.next(progress, w.place.clock.Jitter())
		if !again || !ascp.Retryable(err) {
			return err
		}
		var asked *connectors.Error
		if errors.As(err, &asked) {
			pause = max(pause, asked.After)
		}
		w.place.clock.Pause(ctx, pause)
	}
}

// look finds out which version is received, or makes the folder for what is sent:
// ascp makes none for a file that grows.
func (w *moving) look(ctx context.Context) (_ bool, err error) {
	switch {
	case w.movement.Receive && w.place.node != nil:
		w.was, err = w.place.file(ctx, w.movement.Path)
	case w.plan.staged != "":
		err = w.place.node.MakeFolders(ctx, path.Dir(w.plan.remote))
	}
	return false, err
}

// once is one session of ascp.
func (w *moving) once(ctx context.Context, id string) (progress bool, _ error) {
	p := w.place
	t, err := p.transfer(ctx, w.movement, w.plan)
	if err != nil {
		return false, err
	}
	t.TargetRate, t.Tags = w.target(), markRetry(t.Tags, id)
	before := w.arrived
	o := ascp.Options{
		Program: w.program, Path: w.movement.Path, Stall: p.timeout, Idle: idle * p.timeout, Trusted: p.caFile, Grow: w.grow(),
		Agreed: func() { w.agree.Do(func() { close(w.agreed) }) }, Progress: w.progress,
	}
	if w.movement.Growing {
		o.Idle = 0 // its writer may rest
	}
	err = ascp.Run(ctx, t, o, func(s *ascp.Session) { w.live(s, t.TargetRate) })
	w.live(nil, 0)
	return w.arrived > before, err
}

// idle is how many time-outs ascp may report and move nothing: it compares what is
// there of a large file meanwhile.
const idle = 30

// live makes s the session that runs, and tells it a rate that was set since it was
// begun.
func (w *moving) live(s session, startedWith spec.Kbps) {
	w.mu.Lock()
	w.session = s
	w.mu.Unlock()
	if kbps := w.target(); s != nil && kbps > 0 && kbps != startedWith {
		_ = s.SetRate(kbps) // a connection that is broken shows when it is read
	}
}

func (w *moving) progress(bytes int64) {
	if bytes <= w.arrived {
		return // what was there is counted anew after each start
	}
	w.arrived = bytes
	if w.movement.Progress != nil {
		w.movement.Progress(bytes)
	}
}

func (w *moving) grow() *spec.Grow {
	if !w.movement.Growing {
		return nil
	}
	return &spec.Grow{Wait: w.place.grow}
}

// conclude checks that the file is whole at its end.
func (w *moving) conclude(ctx context.Context) (connectors.Entry, error) {
	m := w.movement
	info, err := os.Stat(m.File)
	if err != nil {
		return connectors.Entry{}, connectors.Errorf(connectors.KindIncomplete, "move", m.Path, "ascp is done, and the file on this machine cannot be looked at: %w", err)
	}
	if m.Receive {
		return w.received(ctx, info)
	}
	if !m.Growing && (info.Size() != w.plan.local.Size() || !info.ModTime().Equal(w.plan.local.ModTime())) {
		return connectors.Entry{}, connectors.Errorf(connectors.KindChanged, "move", m.Path, "the file was changed while it was sent")
	}
	if w.place.node == nil {
		return connectors.Entry{Path: m.Path, Size: -1, ModTime: info.ModTime().UTC().Truncate(time.Second)}, nil
	}
	entry, err := w.place.file(ctx, w.plan.staged)
	if connectors.KindOf(err) == connectors.KindNotFound || err == nil && entry.Size != info.Size() {
		return entry, connectors.Errorf(connectors.KindIntegrity, "move", m.Path, "ascp says that it is done, and the server has %d of %d bytes", entry.Size, info.Size())
	}
	return entry, err
}

func (w *moving) received(ctx context.Context, info os.FileInfo) (connectors.Entry, error) {
	m := w.movement
	entry := connectors.Entry{Path: m.Path, Size: info.Size(), ModTime: info.ModTime().UTC()}
	want := m.Size
	if w.place.node != nil {
		now, err := w.place.file(ctx, m.Path)
		switch {
		case err != nil:
			return entry, err
		case !now.SameVersion(w.was):
			return entry, connectors.Errorf(connectors.KindChanged, "move", m.Path, "the file was changed while it was received")
		}
		entry, want = now, now.Size
	}
	if want >= 0 && info.Size() != want {
		return entry, connectors.Errorf(connectors.KindIntegrity, "move", m.Path, "ascp says that it is done, and %d of %d bytes are here", info.Size(), want)
	}
	return entry, nil
}
