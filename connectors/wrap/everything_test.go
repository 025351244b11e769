package wrap_test

import (
	"context"
	"io"
	"iter"
	"strings"

	"gantry/connectors"
	"gantry/connectors/wrap"
)

// bare has nothing but what every place has.
type bare struct{ connectors.Place }

func (bare) Traits() connectors.Traits { return connectors.Traits{} }
func (bare) Begin(context.Context, string, connectors.UploadOptions) (connectors.Upload, error) {
	return bareUpload{}, nil
}

type bareUpload struct{ connectors.Upload }

// everyInterface is what a wrapper implements.
type everyInterface interface {
	connectors.Place
	connectors.Renamer
	connectors.Taker
	connectors.Hasher
	connectors.Copier
	connectors.Tierer
	connectors.Locker
	connectors.Versioner
	connectors.DatedPinner
	connectors.Tagger
	connectors.Notifier
	connectors.Sweeper
	connectors.Adopter
	connectors.OnDisk
	connectors.Identifier
	connectors.Twinner
	connectors.Surveyor
	connectors.Describer
	connectors.Mover
}

// everything has all optional interfaces. Its calls that return nothing but an
// error say which they are.
type everything struct{}

var _ everyInterface = everything{}

type errReached wrap.Op

func (e errReached) Error() string { return string(e) }

func (everything) Traits() connectors.Traits { return connectors.Traits{} }
func (everything) Close() error              { return nil }

func (everything) List(context.Context, string) iter.Seq2[connectors.Entry, error] {
	return func(yield func(connectors.Entry, error) bool) {
		_ = yield(connectors.Entry{Path: "a"}, nil) && yield(connectors.Entry{Path: "b"}, nil)
	}
}

func (everything) Stat(context.Context, string) (connectors.Entry, error) {
	return connectors.Entry{}, nil
}

func (everything) Open(context.Context, string, int64, int64) (io.ReadCloser, error) {
	return nothing{}, nil
}

func (everything) Begin(context.Context, string, connectors.UploadOptions) (connectors.Upload, error) {
	return stagedUpload{}, nil
}
func (everything) Remove(context.Context, string) error         { return errReached(wrap.Remove) }
func (everything) Rename(context.Context, string, string) error { return errReached(wrap.Rename) }

func (everything) Hash(context.Context, string, ...connectors.Algorithm) (connectors.Digests, error) {
	return nil, errReached(wrap.Hash)
}

func (everything) Copy(context.Context, string, string) (connectors.Entry, error) {
	return connectors.Entry{}, errReached(wrap.Copy)
}

func (everything) Near(any) bool { return true }

func (everything) TakeOver(context.Context, any, connectors.Entry, string) (connectors.Entry, error) {
	return connectors.Entry{}, errReached(wrap.TakeOver)
}

func (everything) Tier(context.Context, string) (connectors.Tier, error) {
	return connectors.Tier{}, errReached(wrap.GetTier)
}
func (everything) SetTier(context.Context, string, string) error { return errReached(wrap.SetTier) }

func (everything) Restore(context.Context, string, connectors.RestoreOptions) (connectors.Tier, error) {
	return connectors.Tier{}, errReached(wrap.Restore)
}

func (everything) Lock(context.Context, string) (connectors.Lock, error) {
	return connectors.Lock{}, errReached(wrap.GetLock)
}

func (everything) SetLock(context.Context, string, connectors.Lock) error {
	return errReached(wrap.SetLock)
}

func (everything) Versions(context.Context, string) iter.Seq2[connectors.FileVersion, error] {
	return func(yield func(connectors.FileVersion, error) bool) {
		yield(connectors.FileVersion{}, errReached(wrap.Versions))
	}
}

func (everything) OpenAs(context.Context, connectors.Entry, int64, int64) (io.ReadCloser, error) {
	return nil, errReached(wrap.Open)
}

func (everything) PinsByTime() {}

func (everything) OpenVersion(context.Context, string, string, int64, int64) (io.ReadCloser, error) {
	return nil, errReached(wrap.OpenVersion)
}

func (everything) RemoveVersion(context.Context, string, string) error {
	return errReached(wrap.RemoveVersion)
}

func (everything) Tags(context.Context, string) (map[string]string, error) {
	return nil, errReached(wrap.Tags)
}

func (everything) SetTags(context.Context, string, map[string]string) error {
	return errReached(wrap.SetTags)
}

func (everything) Notify(context.Context, string, func(context.Context, connectors.Event) error) error {
	return errReached(wrap.Notify)
}

func (everything) Unfinished(context.Context, string) iter.Seq2[connectors.Unfinished, error] {
	return func(yield func(connectors.Unfinished, error) bool) {
		yield(connectors.Unfinished{}, errReached(wrap.Unfinished))
	}
}

func (everything) Discard(context.Context, connectors.Unfinished) error {
	return errReached(wrap.Discard)
}

func (everything) Left(context.Context, string) ([]connectors.Left, error) {
	return nil, errReached(wrap.Left)
}

func (everything) Claim(context.Context, string, string) (string, error) {
	return "", errReached(wrap.Claim)
}

func (everything) Identity(context.Context, string) (string, error) {
	return "", errReached(wrap.Identity)
}

func (everything) SameFile(context.Context, string, string) (bool, error) {
	return false, errReached(wrap.SameFile)
}
func (everything) Survey(context.Context, int64) string { return "surveyed" }
func (everything) FilePath(path string) (string, error) { return "/" + path, nil }

func (everything) Describe(context.Context) (connectors.Description, error) {
	return connectors.Description{}, errReached(wrap.Describe)
}

func (everything) Start(context.Context, connectors.Movement) (connectors.Moving, error) {
	return nil, errReached(wrap.Move)
}

type stagedUpload struct{}

func (stagedUpload) Reveal(context.Context, string) ([]string, error) {
	return nil, errReached(wrap.Reveal)
}

func (stagedUpload) ID() string                                       { return "" }
func (stagedUpload) Parts(context.Context) ([]connectors.Part, error) { return nil, nil }
func (stagedUpload) Abort(context.Context) error                      { return nil }
func (stagedUpload) OpenStaged(context.Context, int64, int64) (io.ReadCloser, error) {
	return nothing{}, nil
}

func (stagedUpload) WritePart(_ context.Context, p connectors.Part, _ io.ReadSeeker) (connectors.Part, error) {
	return p, nil
}

func (stagedUpload) Commit(context.Context, connectors.Whole) (connectors.Entry, error) {
	return connectors.Entry{}, nil
}

// nothing is an empty stream.
type nothing struct{}

func (nothing) Read([]byte) (int, error)       { return 0, io.EOF }
func (nothing) Seek(int64, int) (int64, error) { return strings.NewReader("").Seek(0, io.SeekStart) }
func (nothing) Close() error                   { return nil }
