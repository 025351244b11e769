package transfer

import (
	"context"
	"errors"

	"gantry/transfer/schedule"
)

// wait returns when the job is not paused, or ctx ends.
func (c *control) wait(ctx context.Context) error {
	for c != nil {
		c.mu.Lock()
		gate := c.gate
		c.mu.Unlock()
		if gate == nil {
			break
		}
		select {
		case <-gate:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// attemptHolding is attempt for those who hold memory: it fails with schedule.ErrHeld
// when the job is paused for longer than a moment.
func (c *control) attemptHolding(ctx context.Context) (_ context.Context, free func(), err error) {
	if c == nil {
		return ctx, func() {}, nil
	}
	if c.paused() {
		short, cancel := context.WithTimeoutCause(ctx, tolerance, schedule.ErrHeld)
		defer cancel()
		if err := c.wait(short); err != nil {
			return ctx, func() {}, err
		}
	}
	return c.attempt(ctx)
}

func (c *control) paused() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.gate != nil
}

// attempt waits while the job is paused, and gives a context that ends with errPaused
// when it has been for some time. free has to be called.
func (c *control) attempt(ctx context.Context) (_ context.Context, free func(), err error) {
	if c == nil {
		return ctx, func() {}, nil
	}
	if err := c.wait(ctx); err != nil {
		return ctx, func() {}, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cutShort {
		cancel(errPaused)
	}
	if c.going == nil {
		c.going = map[*context.CancelCauseFunc]struct{}{}
	}
	c.going[&cancel] = struct{}{}
	return ctx, func() { c.gone(&cancel); cancel(nil) }, nil
}

// gone says that an attempt has ended.
func (c *control) gone(end *context.CancelCauseFunc) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.going, end)
}

// throughPauses makes a call again that was ended by a pause.
func throughPauses[T any](ctx context.Context, c *control, call func(context.Context) (T, error)) (value T, err error) {
	for {
		attempt, free, err := c.attempt(ctx)
		if err != nil {
			return value, err
		}
		value, err = call(attempt)
		err = ended(attempt, err)
		free()
		if !errors.Is(err, errPaused) {
			return value, err
		}
	}
}
