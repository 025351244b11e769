package promise

import "context"

// Await returns what call returns, or the context's error as soon as ctx ends.
// In that case call goes on in the background, and drop, if there is one, gets
// what it returned without an error, to release it.
func Await[T any](ctx context.Context, call func() (T, error), drop func(T)) (T, error) {
	var none T
	if err := ctx.Err(); err != nil {
		return none, err
	}
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		value, err := call()
		done <- result{value, err}
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
		if drop != nil {
			go func() {
				if r := <-done; r.err == nil {
					drop(r.value)
				}
			}()
		}
		return none, ctx.Err()
	}
}

// Do is Await for a call that returns nothing but an error.
func Do(ctx context.Context, call func() error) error {
	_, err := Await(ctx, func() (struct{}, error) { return struct{}{}, call() }, nil)
	return err
}
