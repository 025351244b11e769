package wrap

import (
	"context"
	"errors"
	"io"
	"iter"

	"gantry/connectors"
)

// An Op is one kind of call to a place. There are as many as methods, so that they
// may be labels of metrics.
type Op string

// The calls.
const (
	List          Op = "list"
	Stat          Op = "stat"
	Open          Op = "open"
	Begin         Op = "begin"
	Parts         Op = "parts"
	WritePart     Op = "writePart"
	OpenStaged    Op = "openStaged"
	HashStaged    Op = "hashStaged"
	Fill          Op = "fill"
	TakeOver      Op = "takeOver"
	Commit        Op = "commit"
	Abort         Op = "abort"
	Remove        Op = "remove"
	Rename        Op = "rename"
	Hash          Op = "hash"
	Copy          Op = "copy"
	GetTier       Op = "tier"
	SetTier       Op = "setTier"
	Restore       Op = "restore"
	GetLock       Op = "lock"
	SetLock       Op = "setLock"
	Versions      Op = "versions"
	OpenVersion   Op = "openVersion"
	RemoveVersion Op = "removeVersion"
	Tags          Op = "tags"
	SetTags       Op = "setTags"
	Notify        Op = "notify"
	Unfinished    Op = "unfinished"
	Discard       Op = "discard"
	Left          Op = "left"
	Claim         Op = "claim"
	Describe      Op = "describe"
	RemoveFolder  Op = "removeFolder"
	Identity      Op = "identity"
	SameFile      Op = "sameFile"
	Reveal        Op = "reveal"
	Move          Op = "move" // Mover.Start
)

// A Call is one call to a place.
type Call struct {
	Op     Op
	Path   string          // or the prefix; of a rename or a copy the path from
	Offset int64           // of what is opened
	Length int64           // of what is opened; below zero = to the end
	Part   connectors.Part // of WritePart
}

// Hooks are a concern. Those that are nil change nothing. They may be called at
// once by many goroutines.
type Hooks struct {
	// Call makes a call by do, any number of times, and returns what became of it.
	// What do has found out in its last run that succeeded is what the caller gets.
	// Lists and Notify are one call, too, unless there is a hook List: do returns
	// when they end. [Begun] tells whether the caller has had a part of it already,
	// so that do must not be called again.
	Call func(ctx context.Context, c Call, do func(context.Context) error) error

	// Stream goes round what Open, OpenStaged and OpenVersion have opened.
	Stream func(ctx context.Context, c Call, s Stream) io.ReadCloser

	// Part goes round the bytes of a part that is written.
	Part func(ctx context.Context, c Call, r io.ReadSeeker) io.ReadSeeker

	// List goes round a listing, which list makes anew each time. Call is then not
	// asked for listings.
	List func(ctx context.Context, c Call, list func(context.Context) iter.Seq2[connectors.Entry, error]) iter.Seq2[connectors.Entry, error]

	// Before is called before Open, and what it returns comes with the stream.
	Before func(ctx context.Context, c Call) any

	// Entry changes what a place tells of a file.
	Entry func(c Call, e connectors.Entry) connectors.Entry

	// Movement changes a movement before it starts.
	Movement func(m connectors.Movement) connectors.Movement

	// Moving goes round a movement that has started; m is what was asked for.
	Moving func(m connectors.Movement, moving connectors.Moving) connectors.Moving
}

// A Stream is what was opened, and how to open it again.
type Stream struct {
	io.ReadCloser
	Before any // what the hook Before returned

	// Again opens it from an offset in the file on.
	Again func(ctx context.Context, offset, length int64) (io.ReadCloser, error)
}

// begun is the error of a sequence of which the caller has had something.
type begun struct{ error }

func (b begun) Unwrap() error { return b.error }

// Begun tells whether an error that the hook Call sees comes after the caller has
// had a part of the call's result.
func Begun(err error) bool {
	var b begun
	return errors.As(err, &b)
}
