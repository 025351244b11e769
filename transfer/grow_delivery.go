package transfer

import (
	"context"
	"io"
	"sync"

	"gantry/connectors"
	"gantry/transfer/schedule"
)

// What a delivery does otherwise for a source that is still written.

// A moment comes once.
type moment struct {
	come chan struct{}
	end  func()
}

func newMoment() moment {
	m := moment{come: make(chan struct{})}
	m.end = sync.OnceFunc(func() { close(m.come) })
	return m
}

// late tells whether the file has to be finished before it is sent: where an upload
// is one request, or a movement, what was sent cannot be mended.
func (d *delivery) late() bool {
	return d.r.growth != nil && (d.traits.Streamed || slow(d.to.Place))
}

// aside tells whether the pass goes on without the delivery.
func (d *delivery) aside() bool { return d.late() || isClosed(d.left) }

// claim gives a part that an earlier run has sent, once it is known what there is.
func (d *delivery) claim(ctx context.Context, p connectors.Part) (connectors.Part, bool) {
	select {
	case <-d.opened.come:
	case <-d.left:
	case <-ctx.Done():
		return connectors.Part{}, false
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	c, ok := d.claimed[p.Number]
	return c, ok && !d.adopted && c.Size == p.Size && d.r.digested(c)
}

func highest(parts map[int]connectors.Part) (number int) {
	for n := range parts {
		number = max(number, n)
	}
	return number
}

// followed tells of each progress.
type followed struct {
	io.Reader
	watch *watch
}

func (f followed) Read(b []byte) (int, error) {
	n, err := f.Reader.Read(b[:min(len(b), f.watch.step())])
	if n == 0 {
		return n, err
	}
	f.watch.moved(int64(n))
	if held := f.watch.pass(n); held != nil {
		return n, held
	}
	return n, err
}

func (d *delivery) stagedScan(open func(context.Context, int64, int64) (io.ReadCloser, error)) scan {
	return scan{
		what: "read back", path: d.to.Path, open: open, note: d.retrier("read back").note,
		algorithms: []connectors.Algorithm{connectors.CRC64NVME}, control: d.r.control, flow: d.r.flow(d.to.Place, d.to.Location, schedule.Read),
	}
}
