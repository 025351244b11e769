package connectors

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// A Kind is what a caller decides on when a call fails.
type Kind string

// The kinds of errors. Retryable ones may succeed when tried again later.
const (
	KindNotFound    Kind = "not found"
	KindExists      Kind = "already exists"
	KindPermission  Kind = "permission denied"
	KindAuth        Kind = "authentication failed"
	KindHostKey     Kind = "server not trusted"
	KindInvalid     Kind = "invalid"            // the request can never succeed as it stands: a bad path, URL or option
	KindUnsupported Kind = "not supported"      // this place cannot do that
	KindNoSpace     Kind = "no space left"      // retryable once somebody has made room
	KindIntegrity   Kind = "integrity violated" // bytes are not what they should be
	KindIncomplete  Kind = "incomplete"         // retryable: fewer bytes or entries than announced
	KindChanged     Kind = "changed meanwhile"  // the file is not the version that was asked for
	KindArchived    Kind = "archived"           // the file has to be restored before it can be read
	KindHeld        Kind = "held"               // a retention or a legal hold forbids it
	KindBusy        Kind = "busy"               // retryable: the place asks to slow down
	KindUnavailable Kind = "unavailable"        // retryable: connection refused, lost, server error
	KindTimeout     Kind = "timed out"          // retryable
	KindCanceled    Kind = "canceled"           // our own context ended
	KindOther       Kind = "failed"
)

// ErrNoRoot is in the chain of a KindNotFound that is about the location itself, such as
// a bucket that does not exist: no other call there can succeed either, and nothing is
// gained by beginning an upload anew.
var ErrNoRoot = errors.New("the location itself does not exist")

// An Error is a failed call to a place.
type Error struct {
	Kind   Kind
	Op     string        // what was tried, as a verb: "open", "commit"
	Path   string        // what it was tried on: a path, or the location's URL without secrets
	Remedy string        // what to do about it; may be empty
	After  time.Duration // how long the place asks to wait before the call is made again; 0 = it does not say
	Err    error
}

// Error tells what failed, where and why, and what to do.
func (e *Error) Error() string {
	text := fmt.Sprintf("%s %q: %s", e.Op, e.Path, e.Kind)
	if e.Path == "" { // the place's own top folder has no name
		text = fmt.Sprintf("%s: %s", e.Op, e.Kind)
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	if e.Remedy != "" {
		text += " (" + e.Remedy + ")"
	}
	return text
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Errorf makes an Error whose cause is formatted like fmt.Errorf.
func Errorf(kind Kind, op, path, format string, args ...any) *Error {
	return &Error{Kind: kind, Op: op, Path: path, Err: fmt.Errorf(format, args...)}
}

// KindOf gives the kind of err, "" for nil, KindOther where none is known.
func KindOf(err error) Kind {
	var e *Error
	switch {
	case err == nil:
		return ""
	case errors.As(err, &e):
		return e.Kind
	case errors.Is(err, context.DeadlineExceeded):
		return KindTimeout
	case errors.Is(err, context.Canceled):
		return KindCanceled
	default:
		return KindOther
	}
}

// Retryable tells whether the same call may succeed when it is made again.
func Retryable(err error) bool {
	switch KindOf(err) {
	case KindNoSpace, KindIncomplete, KindBusy, KindUnavailable, KindTimeout:
		return true
	default:
		return false
	}
}
