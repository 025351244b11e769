package connectors

import (
	"context"
	"time"
)

// A Mover moves whole files between this machine's file system and its place by a
// program or protocol that resumes by itself, as Aspera does. Its place lists,
// describes and removes files like any other; Open and Begin fail with
// KindUnsupported there.
type Mover interface {
	// Start begins to move one file, and returns once the far end has agreed. The
	// same Movement started again goes on where it stopped. ctx ends the move.
	Start(ctx context.Context, m Movement) (Moving, error)
}

// A Movement is one file to be moved.
type Movement struct {
	Receive bool   // from the place to this machine; otherwise the other way
	Path    string // in the place; one that is received may be hidden, as Moving.Wait told it
	File    string // absolute, on this machine
	ID      string // of a file that is sent: an ID as package promise makes them, for Sweeper.Discard and to go on later; "" = a new one
	Size    int64  // bytes; -1 if not known
	ModTime time.Time

	Exclusive bool  // Publish fails with KindExists rather than replace a file; Start with KindUnsupported where nobody can tell
	Afresh    bool  // nothing of what is at the end already may be kept
	Growing   bool  // the file is still written: go on until it stops to grow
	Rate      int64 // bytes/s at most; 0 = the location's own limit

	// Progress is told of bytes that arrived, in all; never called at once by two goroutines. May be nil.
	Progress func(bytes int64)
}

// A Moving is a movement under way.
type Moving interface {
	// SetRate changes the limit, in bytes/s.
	SetRate(rate int64) error

	// Wait returns when the file is whole at its end, or the movement has failed.
	// The Entry describes the file in the place. One that was sent is hidden until
	// Publish, where the place can do that: then the Entry has another Path than the
	// Movement, by which the file can be received. Size is -1 where nobody could ask
	// the place.
	Wait() (Entry, error)

	// Publish gives a file that was sent its name, once Wait has returned without an
	// error. It may be called again after it failed.
	Publish(ctx context.Context) (Entry, error)
}
