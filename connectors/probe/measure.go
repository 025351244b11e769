package probe

import (
	"context"
	"fmt"
	"io"
	"time"

	"golang.org/x/sync/errgroup"

	"gantry/connectors"
)

// parallels are how many parts or files are under way at once.
var parallels = []int{1, 4, 16}

const (
	smallFiles = 64
	smallSize  = 16 << 10
	patience   = 5 * time.Second // a measurement that takes longer ends the row: more at once is not tried on a slow link
)

// measure times one large file in parts, and many small files.
func (p *probe) measure(ctx context.Context) error {
	if !p.Speed || p.profile.Can["read"] != "yes" {
		return nil
	}
	large, small := bytesOf(7, p.FileSize), bytesOf(8, smallSize)
	for _, parallel := range parallels {
		began := p.Now()
		if err := p.measureLarge(ctx, large, parallel); err != nil {
			return err
		}
		if p.Now().Sub(began) > patience || p.traits.Sequential {
			break
		}
	}
	for _, parallel := range parallels {
		began := p.Now()
		if err := p.measureSmall(ctx, small, parallel); err != nil {
			return err
		}
		if p.Now().Sub(began) > patience {
			break
		}
	}
	p.recommend()
	return nil
}

func (p *probe) measureLarge(ctx context.Context, data []byte, parallel int) error {
	path := p.path("large")
	parts := p.cut(data, int64(len(data))/16)
	err := p.time("up", 1, int64(len(data)), parallel, func() error {
		_, err := p.putParts(ctx, path, data, parts, parallel, connectors.UploadOptions{})
		return err
	})
	if err != nil {
		return err
	}
	return p.time("down", 1, int64(len(data)), parallel, func() error {
		group, ctx := errgroup.WithContext(ctx)
		group.SetLimit(parallel)
		for _, part := range parts {
			group.Go(func() error { return p.drain(ctx, path, part.Offset, part.Size) })
		}
		return group.Wait()
	})
}

func (p *probe) measureSmall(ctx context.Context, data []byte, parallel int) error {
	each := func(do func(ctx context.Context, path string) error) func() error {
		return func() error {
			group, ctx := errgroup.WithContext(ctx)
			group.SetLimit(parallel)
			for i := range smallFiles {
				path := fmt.Sprintf("%s/small-%d", p.folder, i)
				group.Go(func() error { return do(ctx, path) })
			}
			return group.Wait()
		}
	}
	if parallel == parallels[0] {
		for i := range smallFiles {
			p.path(fmt.Sprintf("small-%d", i))
		}
	}
	err := p.time("up", smallFiles, smallSize, parallel, each(func(ctx context.Context, path string) error {
		_, err := p.put(ctx, path, data, connectors.UploadOptions{})
		return err
	}))
	if err != nil {
		return err
	}
	return p.time("down", smallFiles, smallSize, parallel, each(func(ctx context.Context, path string) error {
		return p.drain(ctx, path, 0, smallSize)
	}))
}

func (p *probe) drain(ctx context.Context, path string, offset, length int64) error {
	r, err := p.place.Open(ctx, path, offset, length)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, r)
	if closed := r.Close(); err == nil {
		err = closed
	}
	return err
}

func (p *probe) time(direction string, files int, size int64, parallel int, run func() error) error {
	p.Step(fmt.Sprintf("measure %s, %d × %d bytes, %d at once", direction, files, size, parallel))
	began := p.Now()
	if err := run(); err != nil {
		return err
	}
	took := max(p.Now().Sub(began), time.Millisecond).Seconds()
	p.profile.Throughput = append(p.profile.Throughput, connectors.Throughput{
		Direction: direction, FileSize: size, Files: files, Parallel: parallel,
		Bytes: float64(size) * float64(files) / took, Rate: float64(files) / took,
	})
	return nil
}

// recommend names the fewest at once that reach nine tenths of the best.
func (p *probe) recommend() {
	best := 0.0
	for _, t := range p.profile.Throughput {
		if t.Direction == "up" && t.Files == 1 {
			best = max(best, t.Bytes)
		}
	}
	for _, t := range p.profile.Throughput {
		if t.Direction == "up" && t.Files == 1 && t.Bytes >= 0.9*best {
			p.profile.Parallel = t.Parallel
			return
		}
	}
}
