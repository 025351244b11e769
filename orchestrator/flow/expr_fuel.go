package flow

import (
	"context"
	"errors"
	"time"
)

// The instructions that jq may execute for one expression, and in one Advance.
const (
	maxExpressionFuel = 2_000_000
	maxAdvanceFuel    = 20_000_000
)

var errFuel = errors.New("takes too many steps")

// fuel counts the instructions of an expression. The interpreter asks a context before each one
// whether it is done; this one is done when the fuel is, whatever the machine's speed.
type fuel struct{ left int }

var _ context.Context = (*fuel)(nil)

var spent = func() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

func (f *fuel) Done() <-chan struct{} {
	if f.left--; f.left < 0 {
		return spent
	}
	return nil
}

func (f *fuel) Err() error {
	if f.left < 0 {
		return errFuel
	}
	return nil
}

func (*fuel) Deadline() (time.Time, bool) { return time.Time{}, false }
func (*fuel) Value(any) any               { return nil }
