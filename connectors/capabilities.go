package connectors

import (
	"context"
	"io"
	"iter"
	"time"
)

// What a place can do beyond reading and writing is told by the interfaces of
// this file and of place.go. Ask with [As], which sees through wrappers.

// A Tierer has storage classes, some of which have to be restored before they
// can be read. A file that cannot be read for that reason is KindArchived.
type Tierer interface {
	// Tier tells where the file at path is, and whether it can be read.
	Tier(ctx context.Context, path string) (Tier, error)

	// SetTier moves the file to a class, in the place's own words.
	SetTier(ctx context.Context, path, class string) error

	// Restore asks for a readable copy of an archived file, and returns as soon as
	// the place has taken the order. To ask again is safe: for a file that is
	// restored it extends the days, for one under way it asks for a faster speed,
	// if it is faster. KindBusy: this speed is not to be had now.
	Restore(ctx context.Context, path string, o RestoreOptions) (Tier, error)
}

// A Tier is where one file is.
type Tier struct {
	Class   string       `json:"class"` // in the place's own words: "DEEP_ARCHIVE"
	State   Availability `json:"state"`
	Expires time.Time    `json:"expires,omitzero"` // of a restored copy
}

// An Availability tells whether a file can be read now.
type Availability string

// The states of a file.
const (
	Online    Availability = "online"    // it can be read
	Archived  Availability = "archived"  // it has to be restored first
	Restoring Availability = "restoring" // a restore is under way
	Restored  Availability = "restored"  // it can be read until Tier.Expires; its class is still the archive's
)

// A Speed is how fast a restore shall be; places price them differently.
type Speed string

// The speeds, the fastest first.
const (
	Expedited Speed = "expedited"
	Standard  Speed = "standard"
	Bulk      Speed = "bulk"
)

// RestoreOptions say how a file is to come back.
type RestoreOptions struct {
	Days  int   // how long the readable copy stays
	Speed Speed // "" = Standard
}

// A Locker keeps files from being deleted or changed. A refusal because of a lock
// is KindHeld.
type Locker interface {
	Lock(ctx context.Context, path string) (Lock, error)
	SetLock(ctx context.Context, path string, l Lock) error
}

// A Lock is why a file cannot be deleted. The zero Lock is none.
type Lock struct {
	Mode  LockMode  `json:"mode,omitempty"`
	Until time.Time `json:"until,omitzero"` // of the retention
	Hold  bool      `json:"hold,omitempty"` // a legal hold, which has no end of its own
}

// A LockMode is how strict a retention is.
type LockMode string

// The modes of a retention.
const (
	Governance LockMode = "governance" // those with a special right can lift it
	Compliance LockMode = "compliance" // nobody can lift or shorten it
)

// A Versioner keeps what was replaced or removed.
type Versioner interface {
	// Versions yields those of one file, the newest first.
	Versions(ctx context.Context, path string) iter.Seq2[FileVersion, error]

	// OpenVersion is Source.Open for one of them.
	OpenVersion(ctx context.Context, path, id string, offset, length int64) (io.ReadCloser, error)

	// RemoveVersion deletes one of them for good. KindHeld where a lock forbids it.
	RemoveVersion(ctx context.Context, path, id string) error
}

// A FileVersion is one state that a file had.
type FileVersion struct {
	Entry
	ID      string `json:"id"`
	Latest  bool   `json:"latest,omitempty"`
	Removed bool   `json:"removed,omitempty"` // a marker: from here on the file was not there
}

// A Tagger keeps labels at files, outside of the content.
type Tagger interface {
	Tags(ctx context.Context, path string) (map[string]string, error)
	SetTags(ctx context.Context, path string, tags map[string]string) error
}

// A Notifier tells of changes as they happen.
type Notifier interface {
	// Notify calls handle for each change below prefix until ctx ends or an error
	// occurs. An event counts as told once handle has returned nil; otherwise it
	// comes again. Events may come twice and in any order, and some may be missing:
	// whoever must know everything lists the place from time to time.
	Notify(ctx context.Context, prefix string, handle func(context.Context, Event) error) error
}

// An Event is one change of a file.
type Event struct {
	Entry             // as far as the event tells; Path always
	Removed bool      `json:"removed,omitempty"`
	At      time.Time `json:"at"`              // by the place's clock
	Order   string    `json:"order,omitempty"` // orders the events of one path, as strings; "" = not told
}

// A Sweeper finds uploads that nobody will take up again.
type Sweeper interface {
	// Unfinished yields the uploads below prefix that are neither committed nor
	// aborted, of whatever process.
	Unfinished(ctx context.Context, prefix string) iter.Seq2[Unfinished, error]

	// Discard aborts one of them. It is no error if it is gone.
	Discard(ctx context.Context, u Unfinished) error
}

// An Unfinished upload takes up room. Path is "" where the place cannot tell it.
type Unfinished struct {
	Path  string    `json:"path,omitempty"`
	ID    string    `json:"id"` // for UploadOptions.Resume
	Began time.Time `json:"began"`
	Size  int64     `json:"size"` // bytes so far; -1 = not told
}

// A Pinner opens a file as long as it is a certain version, so that nobody has to
// look before or after whether it still is.
type Pinner interface {
	// OpenAs is Source.Open of the version that a listing or Stat has told. KindChanged
	// if the file is another by now; KindInvalid if the entry has no Version, but for all of a file of a DatedPinner.
	OpenAs(ctx context.Context, e Entry, offset, length int64) (io.ReadCloser, error)
}

// A DatedPinner is a Pinner that opens all of a file also by an entry without a Version:
// the answer that brings the bytes, or one question after it, tells their size and time,
// and KindChanged says that they are not those of the entry.
type DatedPinner interface {
	Pinner
	PinsByTime()
}

// A Foldered place has folders that stay when their files are gone.
type Foldered interface {
	// RemoveFolder removes an empty folder. KindNotFound if there is none, KindExists
	// if it holds something.
	RemoveFolder(ctx context.Context, path string) error
}

// An Identifier tells a file from another one that takes its path.
type Identifier interface {
	// Identity stays the same whatever is written to the file, and is another one for
	// another file at the path; "" where the place cannot tell. KindNotFound if there
	// is no file.
	Identity(ctx context.Context, path string) (string, error)
}

// A Twinner tells whether a file has two names, where an Identifier cannot: it may have
// to change something of the file for a moment, but its bytes and its time.
type Twinner interface {
	// SameFile tells whether the second path names the file at the first, which is the
	// caller's own; false where that cannot be found out. KindNotFound if there is no
	// file at one of them. Others may write to the file meanwhile.
	SameFile(ctx context.Context, own, second string) (bool, error)
}

// A Surveyor has Traits that only a trial tells, which is too much for each opening of
// the place: an SSH server's commands that compute digests.
type Surveyor interface {
	// Survey makes the trial, if none was made yet and a file of this size, in bytes, is
	// worth it; -1 is any. It may write and remove a small file that nobody else sees.
	// Traits.Computes tells what it found; missing says for people why that is nothing,
	// and is "" where it is something, or no trial was made. Many may call it at once.
	Survey(ctx context.Context, size int64) (missing string)
}

// OnDisk is a place whose files this machine's file system has.
type OnDisk interface {
	// FilePath gives the absolute path of the file at a clean path. The file need
	// not be there.
	FilePath(path string) (string, error)
}
