package objectstore

import "context"

type refusedKey struct{}

// WithRefused has report called for each key that a listing under ctx passes
// over because it cannot be a path: hostile or broken names that others put into
// the bucket. It is called on the goroutine that lists.
func WithRefused(ctx context.Context, report func(key string, reason error)) context.Context {
	return context.WithValue(ctx, refusedKey{}, report)
}

func refuse(ctx context.Context, key string, reason error) {
	if report, ok := ctx.Value(refusedKey{}).(func(string, error)); ok {
		report(key, reason)
	}
}
