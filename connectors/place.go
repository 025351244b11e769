package connectors

import (
	"context"
	"io"
	"iter"
)

// A Source is a place to read from.
type Source interface {
	// List yields the files below prefix, in byte order of the full path, so that
	// two listings merge as streams. Folders are descended into and not yielded.
	// prefix is "" for everything, the path of a folder, or the path of a file.
	// An error ends the listing, and says that it is incomplete: no conclusion
	// may be drawn from what is missing in it.
	List(ctx context.Context, prefix string) iter.Seq2[Entry, error]

	// Stat describes the file at path. KindNotFound if there is none.
	Stat(ctx context.Context, path string) (Entry, error)

	// Open reads length bytes from offset on; a length below zero reads to the
	// end. A stream that ends before length bytes fails with KindIncomplete.
	// The caller closes it.
	Open(ctx context.Context, path string, offset, length int64) (io.ReadCloser, error)
}

// A Sink is a place to write to.
type Sink interface {
	// Stat describes the file at path. KindNotFound if there is none.
	Stat(ctx context.Context, path string) (Entry, error)

	// Begin starts an upload to path, or takes up the one named by o.Resume.
	// KindNotFound if that upload is gone: begin again without Resume.
	Begin(ctx context.Context, path string, o UploadOptions) (Upload, error)

	// Remove deletes the file at path. KindNotFound if there is none.
	Remove(ctx context.Context, path string) error
}

// A Place is what a location opens to.
type Place interface {
	Source
	Sink

	// Traits states facts about the place. It asks nothing of the network.
	Traits() Traits

	// Close releases connections. Open streams and uploads end with an error.
	Close() error
}

// A Renamer moves a file inside the place without moving its bytes. An existing
// target is replaced in one step.
type Renamer interface {
	Rename(ctx context.Context, from, to string) error
}

// A Taker moves a file of another place on the same storage into its own tree, by
// giving it another path: no byte of it is moved.
type Taker interface {
	// Near tells whether the place other seems to be of this storage. It asks little and
	// promises nothing: TakeOver may still find that it is not. False spares the try.
	Near(other any) bool

	// TakeOver gives the file from, of the place other, the path to of this place, and
	// takes the old one from it, durably, content and name. from is what the file was
	// when it was looked at.
	//
	// KindChanged if it is something else; KindExists if anything is at the path;
	// KindNotFound if the file is not there, as after a call whose answer was lost;
	// KindUnsupported where other is not of this storage, or the storage refuses. After
	// these the file has the path that it had. Any other error leaves open which one.
	TakeOver(ctx context.Context, other any, from Entry, to string) (Entry, error)
}

// A Hasher asks the place itself for digests of a whole file. It returns those of
// the wanted ones that the place can vouch for, possibly none.
type Hasher interface {
	Hash(ctx context.Context, path string, want ...Algorithm) (Digests, error)
}

// A Copier copies inside the place without the bytes passing through us.
type Copier interface {
	Copy(ctx context.Context, from, to string) (Entry, error)
}
