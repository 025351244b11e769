package connectors

import "context"

type passedOverKey struct{}

// WithPassedOver has report called for each name that a listing under ctx passes
// over, with the reason: hostile or broken names, links, FIFOs, sockets and
// devices. It is called on the goroutine that lists.
func WithPassedOver(ctx context.Context, report func(name string, reason error)) context.Context {
	return context.WithValue(ctx, passedOverKey{}, report)
}

// PassOver tells whoever listens under ctx that a listing leaves a name out.
func PassOver(ctx context.Context, name string, reason error) {
	if report, ok := ctx.Value(passedOverKey{}).(func(string, error)); ok {
		report(name, reason)
	}
}
