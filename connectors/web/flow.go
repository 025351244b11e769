package web

import (
	"context"
	"errors"
	"io"

	"gantry/connectors"
	"gantry/connectors/promise"
)

// A flow is a request whose body is sent as it comes, over several calls.
type flow struct {
	w    *wire
	a    ask
	b    *breath
	body *io.PipeWriter
	done chan struct{} // closed with the answer
	r    *answer
	err  error
}

var (
	errAnswered = errors.New("the server has answered before all was sent")
	errGivenUp  = errors.New("the upload is given up")
)

// start begins a request that goes on when ctx has ended; ctx only ends the wait
// for its turn.
func (w *wire) start(ctx context.Context, a ask) (*flow, error) {
	b, err := w.enter(ctx, context.WithoutCancel(ctx), a, w.uploads)
	if err != nil {
		return nil, err
	}
	r, body := io.Pipe()
	f := &flow{w: w, a: a, b: b, body: body, done: make(chan struct{})}
	f.a.body = r
	// net/http waits for the body before it says why the request ended.
	stop := context.AfterFunc(b.ctx, func() { _ = r.CloseWithError(errGivenUp) })
	go func() {
		defer close(f.done)
		defer stop()
		f.r, f.err = w.sendUnder(b, f.a)
		_ = r.CloseWithError(errAnswered)
	}()
	return f, nil
}

// push sends bytes, and returns when they are on their way. After an error the flow
// is of no use.
func (f *flow) push(ctx context.Context, data []byte) error {
	if len(data) == 0 {
		return nil
	}
	stop := context.AfterFunc(ctx, f.abandon)
	f.b.life.run()
	_, err := f.body.Write(data)
	f.b.life.rest()
	if !stop() {
		return promise.Ended(f.a.op, f.a.path, ctx.Err())
	}
	if err == nil {
		return nil
	}
	r, err := f.await(ctx)
	switch {
	case err != nil:
		return err
	case r.StatusCode/100 == 2:
		_ = r.finish()
		return connectors.Errorf(connectors.KindIncomplete, f.a.op, f.a.path, "%w, and says %d", errAnswered, r.StatusCode)
	}
	return f.w.refused(f.a, r)
}

func (f *flow) await(ctx context.Context) (*answer, error) {
	f.b.life.run()
	select {
	case <-f.done:
		return f.r, f.err
	case <-ctx.Done():
		f.abandon()
		return nil, promise.Ended(f.a.op, f.a.path, ctx.Err())
	}
}

// end sends the last bytes and has the answer waited for. It goes on when nobody
// waits any more: an upload need not be lost because its last call was cancelled.
func (f *flow) end(data []byte) <-chan ending {
	ended := make(chan ending, 1)
	go func() {
		ctx := f.b.ctx
		if err := f.push(context.WithoutCancel(ctx), data); err != nil {
			ended <- ending{nil, err}
			return
		}
		_ = f.body.Close()
		r, err := f.await(context.WithoutCancel(ctx))
		ended <- ending{r, err}
	}()
	return ended
}

// An ending is what came of a flow.
type ending struct {
	r   *answer
	err error
}

// abandon cuts the connection, so that the server sees that the body is not whole.
func (f *flow) abandon() {
	_ = f.body.CloseWithError(errGivenUp)
	f.b.leave()
}

// drop abandons the request, and waits until nobody works on it.
func (f *flow) drop(ctx context.Context) {
	f.abandon()
	select {
	case <-f.done:
		if f.r != nil {
			_ = f.r.Body.Close()
		}
	case <-ctx.Done():
	}
}
