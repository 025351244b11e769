package main

import (
	"context"
	"errors"
	"io/fs"

	"gantry/connectors"
)

// The exit codes. They are part of the interface: scripts rely on them.
const (
	exitFailed      = 1
	exitUsage       = 2
	exitNotFound    = 3
	exitUnreachable = 4
	exitInterrupted = 130
)

// A codedError ends the command with a code of its own.
type codedError struct {
	code int
	err  error
}

func (e *codedError) Error() string { return e.err.Error() }
func (e *codedError) Unwrap() error { return e.err }

func coded(code int, err error) error { return &codedError{code, err} }

// exitCode tells what kind of failure ended the command. One from before it began
// is a mistake in what was typed or set.
func (a *app) exitCode(ctx context.Context, err error) int {
	var c *codedError
	switch kind := connectors.KindOf(err); {
	case errors.As(err, &c):
		return c.code
	case !a.began:
		return exitUsage
	case ctx.Err() != nil:
		return exitInterrupted
	case kind == connectors.KindNotFound, errors.Is(err, fs.ErrNotExist):
		return exitNotFound
	case kind == connectors.KindInvalid:
		return exitUsage
	case kind == connectors.KindUnavailable:
		return exitUnreachable
	}
	return exitFailed
}
