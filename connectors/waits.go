package connectors

import "context"

type waitsKey struct{}

// WithWaits has waiting called with true when a call under ctx begins to wait on
// purpose, as for a limit of bandwidth, and with false when that ends: in the
// meantime the lack of progress is no fault of the place. It is called on the
// goroutine that waits; several may wait at once.
func WithWaits(ctx context.Context, waiting func(bool)) context.Context {
	return context.WithValue(ctx, waitsKey{}, waiting)
}

// Waits tells whoever listens under ctx that the caller waits on purpose, until the
// returned function is called.
func Waits(ctx context.Context) (over func()) {
	waiting, ok := ctx.Value(waitsKey{}).(func(bool))
	if !ok {
		return func() {}
	}
	waiting(true)
	return func() { waiting(false) }
}
