// Package janitor decides which unfinished uploads may be discarded. It asks
// nobody: [connectors.Sweeper] finds them and does it, and whoever keeps a record
// of uploads tells what they are to him.
package janitor

import (
	"time"

	"gantry/connectors"
)

// A Claim is what our own record says of an upload.
type Claim int

// The claims.
const (
	Unknown  Claim = iota // no record knows it: it may be anybody's
	Needed                // it will be taken up again
	Released              // it is ours, and nobody will take it up again
)

// A Rule tells how long to wait. A wait of zero is for ever: nothing is discarded
// because somebody left a setting out.
type Rule struct {
	Unknown  time.Duration // since the upload began, where no record knows it
	Released time.Duration // since it began, where we gave it up: for requests that are still on their way
}

// Decide tells whether to discard an upload, and why or why not. An upload that
// does not say when it began is left alone, and so is one from the future: clocks differ.
func (r Rule) Decide(u connectors.Unfinished, c Claim, now time.Time) (discard bool, reason string) {
	wait := r.Unknown
	switch {
	case c == Needed:
		return false, "it will be taken up again"
	case u.Began.IsZero():
		return false, "the place does not tell when it began"
	case c == Released:
		wait = r.Released
	}
	switch {
	case wait <= 0:
		return false, "the rule discards none of this kind"
	case now.Sub(u.Began) <= wait:
		return false, "it is younger than the rule wants"
	case c == Released:
		return true, "we gave it up"
	default:
		return true, "nobody knows it, and it is older than the rule wants"
	}
}
