package transfer

import (
	"context"
	"io"
	"sync"
	"sync/atomic"

	"gantry/connectors"
)

// A tape reads a file piece by piece, through one stream as long as each piece follows
// the one before: where the way is long, opening costs several times what the bytes
// of a part do. It belongs to one goroutine.
type tape struct {
	life  context.Context //nolint:containedctx // of the streams, which outlive the reading of a piece
	open  func(ctx context.Context, offset, length int64) (io.ReadCloser, error)
	quick bool  // it opens promptly
	until int64 // what will be wanted ends here; 0 = with each piece

	at     int64 // where the stream stands
	stream io.ReadCloser
	cut    func(error) // ends the stream, whoever reads it
	watch  *atomic.Pointer[watch]
	next   *coming // follows this stream; nil if none is being opened
}

// A coming stream is being opened, while the one before it is read.
type coming struct {
	tape  *tape
	from  int64
	ready chan struct{} // closed when it is open, or could not be opened
}

func newTape(life context.Context, open func(ctx context.Context, offset, length int64) (io.ReadCloser, error), until int64) *tape {
	return &tape{life: life, open: open, until: until, watch: &atomic.Pointer[watch]{}}
}

// ahead has the next stream opened, from where this one ends.
func (t *tape) ahead(until int64) {
	if t.next != nil || until <= t.until {
		return
	}
	next := newTape(t.life, t.open, until)
	next.watch, next.quick = t.watch, t.quick
	t.next = &coming{tape: next, from: t.until, ready: make(chan struct{})}
	go func(c *coming) {
		defer close(c.ready)
		_ = next.begin(t.life, c.from, until-c.from) // whoever comes there tries again, and hears why not
	}(t.next)
}

// take goes over to the next stream, if it begins here.
func (t *tape) take(ctx context.Context, offset int64) {
	next := t.next
	if t.next = nil; next == nil {
		return
	}
	select {
	case <-next.ready:
	case <-ctx.Done():
	}
	if ctx.Err() != nil || next.from != offset || next.tape.stream == nil {
		next.drop()
		return
	}
	t.stream, t.cut, t.at, t.until = next.tape.stream, next.tape.cut, offset, next.tape.until
}

func (c *coming) drop() {
	go func() {
		<-c.ready
		c.tape.end()
	}()
}

// from gives the stream at this offset, for a piece of so many bytes. Once ctx has
// ended, it gives no more; done has to be called, with how far it was read, and
// whether it can be read on.
func (t *tape) from(ctx context.Context, w *watch, offset int64, size int) (_ io.Reader, done func(read int, good bool), err error) {
	t.watch.Store(w)
	if t.stream == nil || t.at != offset {
		t.close()
		t.take(ctx, offset)
	}
	if t.stream == nil {
		if err := t.begin(ctx, offset, max(int64(size), t.until-offset)); err != nil {
			return nil, nil, err
		}
	}
	cut := t.cut
	stop := context.AfterFunc(ctx, func() { cut(context.Cause(ctx)) })
	return t.stream, func(read int, good bool) {
		t.at = offset + int64(read)
		if !stop() || !good || t.at >= t.until {
			t.close()
		}
	}, nil
}

func (t *tape) begin(ctx context.Context, offset, length int64) error {
	waits := func(begins bool) { t.watch.Load().waiting(begins) }
	life, cancel := context.WithCancelCause(connectors.WithWaits(t.life, waits))
	stop := context.AfterFunc(ctx, func() { cancel(context.Cause(ctx)) })
	stream, _, err := made(ctx, t.quick, func() (io.ReadCloser, error) { return t.open(life, offset, length) })
	if !stop() && err == nil {
		stream.Close()
		err = context.Cause(ctx)
	}
	if err != nil {
		cancel(nil)
		return ended(ctx, err)
	}
	t.stream, t.at = stream, offset
	var once sync.Once
	t.cut = func(why error) { once.Do(func() { cancel(why); stream.Close() }) }
	return nil
}

// end closes the stream, and the next one.
func (t *tape) end() {
	t.close()
	if t.next != nil {
		t.next.drop()
		t.next = nil
	}
}

func (t *tape) close() {
	if t.stream != nil {
		t.cut(nil)
		t.stream = nil
	}
}
