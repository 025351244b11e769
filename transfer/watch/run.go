package watch

import (
	"context"
	"errors"
	"io/fs"
	"time"
)

// gather is how long events are collected before the paths they name are looked at.
const gather = 50 * time.Millisecond

// loop is the state of one Run. Only Run's goroutine touches it.
type loop struct {
	*Watcher
	ctx context.Context // that of the one call of Run

	root     rootID
	away     *Alarm
	notify   notifier // nil while polling
	pump     *pump
	watched  map[string]struct{} // folders with a watch
	passed   map[string]string   // what will never settle, and why
	degraded bool                // polling because of a limit that may go away

	ready    []string // their time has come; looked at once more when they are offered
	asking   bool     // an offer is under way
	flushAt  time.Time
	checkAt  time.Time
	rescanAt time.Time
}

// Run watches until ctx ends, and returns its error. It calls settled for each version of a file that has settled, one at a time, on a goroutine
// of its own; what settled refuses with an error is offered again after a pause. settled should only note the file and return: while it works, no
// other file is offered. When ctx ends, Run waits for the call under way.
func (w *Watcher) Run(ctx context.Context, settled func(ctx context.Context, f File) error) error {
	if !w.running.CompareAndSwap(false, true) {
		return errors.New("watch: already running: one Run at a time")
	}
	defer w.running.Store(false)
	defer w.setMode("not running")

	l := &loop{Watcher: w, ctx: ctx, watched: map[string]struct{}{}, passed: map[string]string{}}
	defer l.closeNotifier()
	defer l.putBack()
	desk := openDesk(ctx, settled)
	defer func() {
		for a := range desk.close() {
			l.conclude(a)
		}
	}()

	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case a := <-desk.answers:
			l.conclude(a)
		case <-l.events():
			if l.flushAt.IsZero() {
				l.flushAt = w.o.Now().Add(min(gather, w.o.Stable/4))
			}
		case <-timer.C:
		}
		l.step(desk)
		timer.Reset(l.pause())
	}
}

// step does all that is due.
func (l *loop) step(d *desk) {
	now := l.o.Now()
	if !l.checkAt.After(now) {
		l.check(now)
	}
	if !l.flushAt.IsZero() && !l.flushAt.After(now) {
		l.flushAt = time.Time{}
		l.flush()
	}
	if l.away != nil {
		return
	}
	l.tellGrown()
	now = l.o.Now()
	l.with(func(t *tracker) { l.ready = append(l.ready, t.ripe(now)...) })
	if !l.asking {
		l.offerNext(d)
	}
}

// tellGrown tells of the files that are seen to grow.
func (l *loop) tellGrown() {
	var grown []File
	l.with(func(t *tracker) { grown = t.takeGrown() })
	for _, f := range grown {
		if l.o.OnGrow != nil {
			l.o.OnGrow(f)
		}
	}
}

// pause is the time until step has something to do.
func (l *loop) pause() time.Duration {
	at := l.checkAt
	if !l.flushAt.IsZero() && l.flushAt.Before(at) {
		at = l.flushAt
	}
	if l.away == nil {
		l.with(func(t *tracker) {
			if wake, ok := t.wake(); ok && wake.Before(at) {
				at = wake
			}
		})
	}
	return max(at.Sub(l.o.Now()), time.Millisecond)
}

func (l *loop) events() <-chan struct{} {
	if l.pump == nil {
		return nil
	}
	return l.pump.wake
}

// offerNext hands out the first of the ready files that a last look confirms.
func (l *loop) offerNext(d *desk) {
	for len(l.ready) > 0 {
		path := l.ready[0]
		l.ready = l.ready[1:]
		f, ok := l.confirm(path)
		if l.away != nil {
			l.ready = append(l.ready, path)
			return
		}
		if ok {
			l.asking = true
			d.offers <- f
			return
		}
	}
}

// confirm looks at path once more, and marks it as offered if it is as it was and nobody writes to it.
func (l *loop) confirm(path string) (f File, ok bool) {
	info, err := l.lstat(path)
	now := l.o.Now()
	switch {
	case isGone(err):
		if l.here() {
			l.with(func(t *tracker) { t.forget(path) })
		}
		return File{}, false
	case err != nil:
		l.with(func(t *tracker) { t.hold(path, err.Error(), now) })
		return File{}, false
	case !info.Mode().IsRegular():
		l.pass(path, kindOf(info.Mode()))
		l.with(func(t *tracker) { t.forget(path) })
		return File{}, false
	}
	if l.ignore.isTemporary(path) {
		l.with(func(t *tracker) {
			t.observe(path, seen(info), now)
			t.hold(path, "has its temporary name", now)
		})
		return File{}, false
	}
	writer := l.hasWriter(l.full(path))
	l.with(func(t *tracker) {
		t.observe(path, seen(info), now)
		if writer {
			t.hold(path, "open for writing", now)
			return
		}
		f, ok = t.offer(path, now)
	})
	return f, ok
}

// putBack leaves what is ready to the next Run.
func (l *loop) putBack() {
	l.with(func(t *tracker) {
		for _, path := range l.ready {
			t.putBack(path)
		}
	})
}

func (l *loop) conclude(a answer) {
	l.asking = false
	if a.err != nil && l.ctx.Err() == nil {
		l.o.Logger.Warn("a settled file was refused and will be offered again", "path", a.file.Path, "error", a.err)
	}
	now := l.o.Now()
	l.with(func(t *tracker) {
		if a.err != nil {
			t.refuse(a.file, a.err.Error(), now)
		} else {
			t.accept(a.file)
		}
	})
}

// pass notes once that path will never settle.
func (l *loop) pass(path, reason string) {
	if l.passed[path] == reason {
		return
	}
	l.passed[path] = reason
	l.o.Logger.Info("passed over", "path", path, "reason", reason)
	l.o.OnPass(path, reason)
}

func seen(info fs.FileInfo) sighting {
	return sighting{info.Size(), info.ModTime(), identify(info).inode}
}

func kindOf(m fs.FileMode) string {
	switch {
	case m&fs.ModeSymlink != 0:
		return "a symbolic link: links are not followed"
	case m&fs.ModeNamedPipe != 0:
		return "a named pipe"
	case m&fs.ModeSocket != 0:
		return "a socket"
	case m&fs.ModeDevice != 0:
		return "a device"
	}
	return "not a regular file"
}
