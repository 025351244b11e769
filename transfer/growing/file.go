package growing

import (
	"context"
	"errors"
	"os"
	"sync"
	"time"

	"gantry/connectors"
)

// Options of a File. Place and Path have to be given.
type Options struct {
	Place connectors.Source
	Path  string

	Final   string        // the path that the file is renamed to when it is finished; "" = it keeps its name
	Sidecar string        // the path of the file that comes when it is finished; "" = there is none
	Idle    time.Duration // without a change for so long, and with nobody who has it open, it is finished; 0 = 10 s
	Silence time.Duration // without a change and an end for so long it is an error; 0 = 10 min
	Every   time.Duration // how often it is looked at; 0 = four times a second on a disk of this machine, otherwise once

	// Writer tells whether somebody has a file of this machine open for writing, and
	// whether the system can tell. nil if nobody can.
	Writer func(file string) (open, told bool)
	Now    func() time.Time

	// Ticks says when to look again, until stop; nil goes by the system's clock.
	Ticks func(every time.Duration) (ticks <-chan time.Time, stop func())
}

// A File follows one file by looking at it. Its methods may be called at once from
// many goroutines.
type File struct {
	o    Options
	disk string // its folder and name on this machine's disk; "" = it is elsewhere

	mu     sync.Mutex
	judge  judge
	home   os.FileInfo // of the folder that it was seen in first; nil = not known
	ended  chan struct{}
	finish func()
}

// Follow makes a File. It does not look yet.
func Follow(o Options) *File {
	if o.Idle <= 0 {
		o.Idle = 10 * time.Second
	}
	if o.Silence <= 0 {
		o.Silence = 10 * time.Minute
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Ticks == nil {
		o.Ticks = func(every time.Duration) (<-chan time.Time, func()) {
			tick := time.NewTicker(every)
			return tick.C, tick.Stop
		}
	}
	f := &File{o: o, ended: make(chan struct{})}
	f.finish = sync.OnceFunc(func() { close(f.ended) })
	if d, ok := connectors.As[connectors.OnDisk](o.Place); ok {
		if file, err := d.FilePath(o.Path); err == nil {
			f.disk = file
		}
	}
	if f.o.Every <= 0 {
		f.o.Every = time.Second
		if f.disk != "" {
			f.o.Every = time.Second / 4
		}
	}
	f.judge.rules = rules{path: o.Path, final: o.Final, sidecar: o.Sidecar != "", idle: o.Idle, silence: max(o.Silence, o.Idle), missing: missingThere}
	if f.disk != "" {
		f.judge.missing = missingHere
	}
	return f
}

// Finish says that the file is finished as it is.
func (f *File) Finish() { f.finish() }

// Wait returns once the file is at least size bytes long, or finished. KindNotFound
// says that it was deleted, KindChanged that it has shrunk or is another one,
// KindTimeout that it has neither grown nor been finished for too long. Errors of
// the place that may pass are waited for as long.
func (f *File) Wait(ctx context.Context, size int64) (State, error) {
	ticks, stop := f.o.Ticks(f.o.Every)
	defer stop()
	failing := time.Time{}
	for {
		state, found, err := f.see(ctx)
		now := f.o.Now()
		switch {
		case ctx.Err() != nil:
			return State{}, context.Cause(ctx)
		case err == nil && (state.Closed != "" || found && state.Size >= size):
			return state, nil
		case err == nil:
			failing = time.Time{}
		case errors.As(err, &verdict{}) || !connectors.Retryable(err):
			return State{}, err
		case failing.IsZero():
			failing = now
		case now.Sub(failing) >= f.judge.silence:
			return State{}, err
		}
		select {
		case <-ticks:
		case <-f.signal():
		case <-ctx.Done():
			return State{}, context.Cause(ctx)
		}
	}
}

// signal is a channel that is closed once, when the file was said to be finished
// and nobody has looked since.
func (f *File) signal() <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.judge.last.signal {
		return nil
	}
	return f.ended
}

// see looks and judges. An error of the judgement is not to be tried again.
func (f *File) see(ctx context.Context) (state State, found bool, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s, err := f.look(ctx)
	if err != nil {
		return State{}, false, err
	}
	if state, err = f.judge.see(s, f.o.Now()); err != nil {
		return State{}, false, err
	}
	return state, s.path != "", nil
}

// A verdict is an error that the judge has found, whatever its kind says.
type verdict struct{ error }

func (v verdict) Unwrap() error { return v.error }

func (f *File) look(ctx context.Context) (s sighting, err error) {
	path := f.o.Path
	s.entry, err = f.o.Place.Stat(ctx, path)
	if connectors.KindOf(err) == connectors.KindNotFound && f.o.Final != "" {
		path = f.o.Final
		s.entry, err = f.o.Place.Stat(ctx, path)
	}
	switch connectors.KindOf(err) {
	case "":
	case connectors.KindNotFound:
		return f.missed(), nil
	default:
		return s, err
	}
	s.path = path
	if i, ok := connectors.As[connectors.Identifier](f.o.Place); ok {
		if s.identity, err = i.Identity(ctx, path); connectors.KindOf(err) == connectors.KindNotFound {
			return f.missed(), nil
		}
	}
	if err == nil && f.o.Sidecar != "" {
		_, err = f.o.Place.Stat(ctx, f.o.Sidecar)
		s.sidecar = err == nil
		if connectors.KindOf(err) == connectors.KindNotFound {
			err = nil
		}
	}
	f.remember()
	if f.o.Writer != nil && f.disk != "" && path == f.o.Path {
		s.writer, s.told = f.o.Writer(f.disk)
		s.rested = f.rested()
	}
	select {
	case <-f.ended:
		s.signal = true
	default:
	}
	return s, err
}
