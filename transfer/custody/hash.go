package custody

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"golang.org/x/sync/errgroup"

	"gantry/connectors"
	"gantry/transfer/digest"
)

// A reading is one file to be hashed.
type reading struct {
	path    string // below the root
	size    int64
	formats []string

	digests map[string]string
	err     error
}

// hashAll reads files, several at once, and puts what came of each into it. Only the end of ctx ends it early.
func hashAll(ctx context.Context, place connectors.Source, root string, files []*reading, parallel int, p Progress) error {
	sizes := make(map[string]int64, len(files))
	for _, f := range files {
		sizes[f.path] = max(f.size, 0)
	}
	if p == nil {
		p = silent{}
	}
	p.Start(sizes)
	var group errgroup.Group
	group.SetLimit(max(parallel, 1))
	for _, f := range files {
		group.Go(func() error {
			f.err = f.read(ctx, place, below(root, f.path), p)
			p.End(f.path)
			return nil
		})
	}
	_ = group.Wait() // the errors are in the files
	return context.Cause(ctx)
}

func (f *reading) read(ctx context.Context, place connectors.Source, path string, p Progress) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	r, err := place.Open(ctx, path, 0, -1)
	if err != nil {
		return err
	}
	algorithms := make([]connectors.Algorithm, len(f.formats))
	for i, name := range f.formats {
		algorithms[i] = connectors.Algorithm(name)
	}
	set, err := digest.New(algorithms...)
	if err == nil {
		buffer := buffers.Get().(*[]byte)
		_, err = io.CopyBuffer(onlyWriter{set}, &told{r: r, path: f.path, p: p}, *buffer)
		buffers.Put(buffer)
	}
	if err = errors.Join(err, r.Close()); err != nil {
		return err
	}
	n := set.Size()
	if f.size >= 0 && n != f.size {
		return connectors.Errorf(connectors.KindChanged, "hash", path, "it has %d bytes now, and had %d: is it still being written?", n, f.size)
	}
	f.digests = plain(set.Sums())
	return nil
}

// buffers are kept: small files would spend their time on making them.
var buffers = sync.Pool{New: func() any { b := make([]byte, 256<<10); return &b }}

// onlyWriter hides what else a writer can do, so that the buffer is used.
type onlyWriter struct{ io.Writer }

func plain(sums connectors.Digests) map[string]string {
	digests := make(map[string]string, len(sums))
	for a, sum := range sums {
		digests[string(a)] = sum
	}
	return digests
}

// told tells how much was read.
type told struct {
	r    io.Reader
	path string
	n    int64
	p    Progress
}

func (t *told) Read(b []byte) (int, error) {
	n, err := t.r.Read(b)
	t.n += int64(n)
	t.p.Read(t.path, t.n)
	return n, err
}

type silent struct{}

func (silent) Start(map[string]int64) {}
func (silent) Read(string, int64)     {}
func (silent) End(string)             {}

// unreadable says which files could not be read.
func unreadable(files []*reading) error {
	var errs []error
	for _, f := range files {
		if f.err != nil && len(errs) < mostNamed {
			errs = append(errs, f.err)
		}
	}
	if len(errs) == 0 {
		return nil
	}
	return fmt.Errorf("no generation was written, because files could not be read: %w", errors.Join(errs...))
}

// mostNamed are named in one error.
const mostNamed = 20
