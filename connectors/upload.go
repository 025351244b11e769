package connectors

import (
	"context"
	"io"
	"time"
)

// UploadOptions describe an upload that is about to begin.
type UploadOptions struct {
	Resume      string            // ID of an earlier upload to take up; "" for a new one
	Size        int64             // bytes; -1 if not known yet
	ModTime     time.Time         // set on the result where the place can; zero leaves it
	ContentType string            // where the place keeps one
	Metadata    map[string]string // where the place keeps some; keys in lower case
	Brief       bool              // the Entry of Commit may lack its time, where the place would have to ask for it once more
	AtOnce      bool              // it is written and committed right away, so that a file may stay open in between; see [Resting]
	Exclusive   bool              // fail with KindExists if there is a file at the path at commit
}

// A Part is one accepted piece of an upload. Parts are numbered from 1 without
// gaps, and lie one after the other.
type Part struct {
	Number  int     `json:"number"`
	Offset  int64   `json:"offset"`
	Size    int64   `json:"size"`
	ETag    string  `json:"etag,omitempty"`    // the place's own receipt, where it gives one
	Digests Digests `json:"digests,omitempty"` // known before the part is sent
}

// Whole is what an upload must turn out to be.
type Whole struct {
	Parts   []Part // ascending
	Size    int64
	Digests Digests   // of the whole object
	ModTime time.Time // of a file that was still written when the upload began; zero = as its options say
}

// An Upload is one file on its way to a Sink. Nothing is visible under its path
// before Commit. An upload survives the process: its ID takes it up again.
type Upload interface {
	// ID names the upload for UploadOptions.Resume.
	ID() string

	// Parts lists what the place holds of this upload, ascending. A place that
	// cannot tell single parts returns none: what was accepted is then known from
	// the caller's own journal. The digests are the place's own.
	Parts(ctx context.Context) ([]Part, error)

	// WritePart stores p.Size bytes of r as part p.Number at p.Offset. r may be
	// rewound and read more than once. It returns only when the place has
	// accepted the part, and the part survives a crash of this process. A part
	// written again replaces the earlier one.
	WritePart(ctx context.Context, p Part, r io.ReadSeeker) (Part, error)

	// Commit makes the object visible, whole and durable, in one step where
	// Traits.AtomicCommit says so. The Entry's digests are the place's own.
	// Committing an upload again that a crash left undecided is safe.
	Commit(ctx context.Context, w Whole) (Entry, error)

	// Abort gives up the upload and removes what it stored. It is safe to call
	// after Commit and more than once.
	Abort(ctx context.Context) error
}

// A StagedHasher is an upload of which the place itself computes digests before it
// is committed, from the bytes that it has stored.
type StagedHasher interface {
	// HashStaged gives those of the wanted digests that the place computes of all
	// that was written so far. One that it does not have, or refuses to compute now
	// or of so large a file, is an error of KindUnsupported with the place's words:
	// nothing was changed by asking, and to ask again is of no use.
	HashStaged(ctx context.Context, want ...Algorithm) (Digests, error)
}

// A Fleeting upload ends with its process: it leaves nothing at the place before
// Commit, and its ID takes up nothing, so that nobody has to remember it.
type Fleeting interface{ Fleeting() }

// A Prompt place is one whose calls, and those of its uploads and streams, return soon after
// their context has ended, whatever becomes of the server, the network and the disk: they
// can be waited for.
type Prompt interface{ Prompt() }

// A Resting upload may keep a file open between its calls, if it was begun to be
// written at once.
type Resting interface {
	// Rest closes it. Whoever leaves the upload to a later run calls it; Commit and
	// Abort do so themselves. The upload can go on afterwards.
	Rest()
}

// A Revealer is an upload whose bytes so far others can read before it is committed.
type Revealer interface {
	// Reveal gives the file that the upload writes to a second name, which must be
	// free: it grows there as parts are written, and others may read it and not change
	// it. It stays until the caller removes it as any other file. A name that this file
	// has already is no error. KindExists if another file has the name, KindUnsupported
	// where a file cannot have two names. made are the folders that were made for the
	// name, the outermost first.
	Reveal(ctx context.Context, path string) (made []string, err error)
}

// A Staged upload can be read back before it is committed, so that nothing
// unproved becomes visible.
type Staged interface {
	// OpenStaged reads length bytes from offset on of what was written so far, as
	// Source.Open does.
	OpenStaged(ctx context.Context, offset, length int64) (io.ReadCloser, error)
}

// A Filler is an upload that the storage itself can fill, with a file of another
// place on the same storage, without the bytes passing through us.
type Filler interface {
	// Fill gives the upload the content of a file of the place other, as if all parts
	// had been written; what Commit is told of the parts need then have no ETag. from is
	// what the file was when it was looked at: KindChanged if it is something else.
	// KindUnsupported, before anything was changed, where other is not of this storage,
	// or where it would save nothing to have it copied there. After any error the parts
	// can be written, as if Fill had not been called. After a crash it may go on where
	// it was.
	Fill(ctx context.Context, other any, from Entry) error
}
