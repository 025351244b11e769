package connectors

import (
	"context"
	"time"
)

// An Adopter finds uploads that were left, so that what they hold need not be sent again
// though every record of them is lost. Nothing that such an upload holds may count before
// it was compared with the source.
//
// It is for places that give a file its properties when it is committed, and name what is
// staged so that it shows for which path it is, and that it is ours.
type Adopter interface {
	// Left gives the uploads to just this path that were begun by us, of whatever process,
	// and neither committed nor aborted, as far as nobody is known to write them now. One
	// that holds what an interrupted replacement has set aside is not among them.
	Left(ctx context.Context, path string) ([]Left, error)

	// Claim gives one of them another ID, in one step, and returns it: of many who claim it
	// one succeeds, and whoever writes it under its old ID finds it gone. KindNotFound if
	// it is gone.
	Claim(ctx context.Context, path, id string) (string, error)
}

// A Left upload takes up room, and may hold something that is of use.
type Left struct {
	ID      string
	Size    int64     // bytes, up to the last one that was written
	Written time.Time // last, by the place's clock
}
