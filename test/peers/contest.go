package main

import (
	"context"
	"fmt"
	"os"
	"slices"
)

// A scenario is one kind of work, and all who can do it.
type scenario struct {
	name string

	// set starts what the scenario needs, and says who takes part.
	set func(ctx context.Context, w *world) (*stage, error)
}

// A stage is a scenario that is ready.
type stage struct {
	load load

	// clients are those of one run; Gantry is the last. Their targets are new in
	// each run.
	clients func(run int) []client

	// check looks at what a run has brought, and removes it.
	check func(run int, c client) error

	// before is done before each run, and not measured; may be nil.
	before func(ctx context.Context, run int, c client) error

	// measure runs a client; nil is world.measure.
	measure func(ctx context.Context, run int, c client) (figure, error)
}

// contest lets the clients take turns.
func (w *world) contest(ctx context.Context, s scenario) (*outcome, error) {
	defer w.end(len(w.stops))
	w.servers = nil
	stage, err := s.set(ctx, w)
	if err != nil {
		return nil, err
	}
	o := &outcome{Scenario: s.name, Files: stage.load.files, Bytes: stage.load.bytes(), LeftOut: map[string]string{}}
	for range w.sizes.Runs {
		w.run++
		for i, c := range stage.clients(w.run) {
			if _, out := o.LeftOut[c.name]; out || !c.ours() && !w.takePart.MatchString(c.name) {
				continue
			}
			if !c.installed() {
				o.LeftOut[c.name] = "not installed"
				continue
			}
			w.run++
			c = stage.clients(w.run)[i]
			f, err := w.turn(ctx, stage, c)
			switch {
			case ctx.Err() != nil:
				return nil, ctx.Err()
			case err != nil && c.ours():
				return nil, err
			case err != nil:
				o.LeftOut[c.name] = err.Error()
				continue
			}
			o.add(c.name, f)
		}
	}
	return o, nil
}

const (
	us      = "gantry"
	bySizes = "gantry --verify size" // which proves no more than the others do
)

func (c client) ours() bool { return c.name == us || c.name == bySizes }

// likeForLike puts a run of Gantry that reads nothing back before the last client, which
// is Gantry's usual one.
func likeForLike(clients []client) []client {
	c := clients[len(clients)-1]
	c.name, c.argv = bySizes, append(slices.Clone(c.argv), "--verify", "size")
	return slices.Insert(clients, len(clients)-1, c)
}

func (w *world) turn(ctx context.Context, s *stage, c client) (f figure, err error) {
	if s.before != nil {
		if err := s.before(ctx, w.run, c); err != nil {
			return f, err
		}
	}
	before := spent(w.servers...)
	if s.measure != nil {
		f, err = s.measure(ctx, w.run, c)
	} else {
		f, err = w.measure(ctx, c)
	}
	f.Server = spent(w.servers...) - before
	if err != nil {
		return f, err
	}
	return f, s.check(w.run, c)
}

// holds fails unless a file or folder is all of a load, and removes it.
func (l load) holds(name string) error {
	defer os.RemoveAll(name)
	info, err := os.Stat(name)
	if err != nil {
		return err
	}
	files, bytes := 1, info.Size()
	if info.IsDir() {
		if files, bytes, err = weigh(name); err != nil {
			return err
		}
	}
	return l.equals(files, bytes)
}

func (l load) equals(files int, bytes int64) error {
	if files != l.files || bytes != l.bytes() {
		return fmt.Errorf("%d files of %d bytes arrived, and not %d of %d", files, bytes, l.files, l.bytes())
	}
	return nil
}

func weigh(dir string) (files int, bytes int64, err error) {
	list, err := os.ReadDir(dir)
	for _, e := range list {
		info, failed := e.Info()
		if failed != nil {
			return files, bytes, failed
		}
		if info.Mode().IsRegular() {
			files, bytes = files+1, bytes+info.Size()
		}
	}
	return files, bytes, err
}
