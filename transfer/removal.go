package transfer

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"

	"gantry/connectors"
)

// A Move says when a job deletes its source: never before its receipt is in the
// journal, and only if it still is the version that was read. The folder that it was
// in stays.
type Move string

// The choices of a move.
const (
	Keep       Move = ""         // the source stays
	MoveProved Move = "proved"   // it goes if each copy is proved by its bytes
	MoveAnyway Move = "unproved" // it goes also where only the sizes agree
)

// A remover is a source that files can be deleted from.
type remover interface {
	connectors.Sink
	Remove(ctx context.Context, path string) error
}

// movable refuses a move that could not be brought to its end, before anything is
// sent: from a place that deletes nothing, or of a file onto itself.
func (r *run) movable(ctx context.Context) error {
	if r.job.Move == Keep || r.receipt != nil && !r.receipt.Removed.IsZero() {
		return nil
	}
	from, ok := r.job.Source.Place.(remover)
	if !ok {
		return &connectors.Error{
			Kind: connectors.KindUnsupported, Op: "move", Path: r.job.Source.Path, Err: errors.New("nothing can be deleted from this place"), Remedy: "copy it instead",
		}
	}
	if r.unseen != nil {
		return nil // there is nothing to delete, or to send
	}
	for _, to := range r.job.Destinations {
		same, err := r.e.sameFile(ctx, from, r.job.Source, to)
		if err != nil {
			return fmt.Errorf("find out whether the source can be deleted: %w", err)
		}
		if same {
			return &connectors.Error{
				Kind: connectors.KindInvalid, Op: "move", Path: r.job.Source.Path,
				Err: fmt.Errorf("it is the same file as its destination %s %q, by another name", to.Location, to.Path), Remedy: "name another destination",
			}
		}
	}
	return nil
}

// sameFile tells whether a destination is the source itself, whatever it is called:
// then to delete the source would be to lose the file. Of two folders of this machine
// the system knows it. Elsewhere a file is put beside the source, and looked for
// beside the destination.
func (e *Engine) sameFile(ctx context.Context, from remover, source Source, to Destination) (bool, error) {
	if fold(path.Base(source.Path)) != fold(path.Base(to.Path)) {
		return false, nil
	}
	if same, known := sameOnDisk(from, source.Path, to); known {
		return same, nil
	}
	if p, ok := to.Place.(interface{ Traits() connectors.Traits }); ok && p.Traits().WriteOnly {
		return false, nil // it does not tell; a drop box is somebody else's
	}
	ends := source.Location + "\x00" + path.Dir(source.Path) + "\x00" + to.Location + "\x00" + path.Dir(to.Path)
	if known, ok := e.apart.Load(ends); ok {
		return known.(bool), nil
	}
	name := ".gantry-probe-" + strings.ToLower(rand.Text())
	beside := path.Join(path.Dir(source.Path), name)
	if err := e.leaveMark(ctx, from, beside); err != nil {
		return false, err
	}
	_, err := e.stat(ctx, to.Place, path.Join(path.Dir(to.Path), name), nil)
	same := err == nil
	if connectors.KindOf(err) == connectors.KindNotFound {
		err = nil
	}
	_, removed := retry(ctx, e.retrier(nil), e.o.Stall, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, from.Remove(ctx, beside)
	})
	if err = errors.Join(err, removed); err == nil {
		e.apart.Store(ends, same)
	}
	return same, err
}

// leaveMark puts a small file at a path.
func (e *Engine) leaveMark(ctx context.Context, place connectors.Sink, path string) error {
	text := "gantry looks whether two places are one; this file can be deleted\n"
	part := connectors.Part{Number: 1, Size: int64(len(text))}
	_, err := retry(ctx, e.retrier(nil), e.o.Stall, func(ctx context.Context) (connectors.Entry, error) {
		up, err := place.Begin(ctx, path, connectors.UploadOptions{Size: part.Size})
		if err != nil {
			return connectors.Entry{}, err
		}
		written, err := up.WritePart(ctx, part, strings.NewReader(text))
		if err == nil {
			part.ETag = written.ETag
			var entry connectors.Entry
			if entry, err = up.Commit(ctx, connectors.Whole{Size: part.Size, Parts: []connectors.Part{part}}); err == nil {
				return entry, nil
			}
		}
		return connectors.Entry{}, errors.Join(err, up.Abort(context.WithoutCancel(ctx)))
	})
	return err
}

func fold(name string) string { return strings.ToLower(norm.NFC.String(name)) }

// sameOnDisk compares two files of this machine. Two names of one file (hard links)
// are two: a copy replaces the one and leaves the other.
func sameOnDisk(from connectors.Sink, source string, to Destination) (same, known bool) {
	a, okA := connectors.As[connectors.OnDisk](from)
	b, okB := connectors.As[connectors.OnDisk](to.Place)
	if !okA || !okB {
		return false, false
	}
	fileA, errA := a.FilePath(source)
	fileB, errB := b.FilePath(to.Path)
	if errA != nil || errB != nil {
		return false, false
	}
	dirA, errA := os.Stat(filepath.Dir(fileA))
	dirB, errB := os.Stat(filepath.Dir(fileB))
	if errA != nil || errB != nil || !os.SameFile(dirA, dirB) {
		return false, errA == nil && (errB == nil || errors.Is(errB, os.ErrNotExist))
	}
	if filepath.Base(fileA) == filepath.Base(fileB) {
		return true, true
	}
	thisA, errA := os.Lstat(fileA)
	thisB, errB := os.Lstat(fileB)
	if errA != nil || errB != nil || !os.SameFile(thisA, thisB) {
		return false, true
	}
	names, err := os.ReadDir(filepath.Dir(fileA))
	listed := slices.ContainsFunc(names, func(e os.DirEntry) bool { return e.Name() == filepath.Base(fileB) })
	return !listed, err == nil // one that is not listed under its own name is the other, on a file system that folds names
}

// depart deletes the source of a move that has its receipt. It may be called again.
func (r *run) depart(ctx context.Context, receipt Receipt) (Receipt, error) {
	if r.job.Move == Keep || !receipt.Removed.IsZero() {
		return receipt, nil
	}
	_, err := r.e.stat(ctx, r.job.Source.Place, r.job.Source.Path, r.noteRetry)
	switch kind := connectors.KindOf(err); {
	case kind == connectors.KindNotFound: // an earlier run was ended just after it
	case err != nil:
		return receipt, r.leftThere(ctx, err)
	case r.job.Move != MoveAnyway && slices.ContainsFunc(receipt.Copies, func(c Copy) bool { return c.Proof == ProofSize }):
		return receipt, &connectors.Error{
			Kind: connectors.KindIntegrity, Op: "move", Path: r.job.Source.Path,
			Err:    errors.New("all is copied, but only its size speaks for a copy: the source stays"),
			Remedy: "delete the source by hand, or allow it to be deleted unproved",
		}
	default:
		err := r.e.removeVersion(ctx, r.job.Source.Place.(remover), r.job.Source.Path, receipt.Source.Entry, r.noteRetry)
		if connectors.KindOf(err) == connectors.KindChanged {
			err = &connectors.Error{
				Kind: connectors.KindChanged, Op: "move", Path: r.job.Source.Path, Err: errors.New("it was changed after it was copied"), Remedy: "run it again: it is copied anew",
			}
		}
		if err != nil {
			return receipt, r.leftThere(ctx, err)
		}
	}
	receipt.Removed = r.e.o.Now().UTC()
	if err := r.e.journal.Finish(r.job.ID, receipt); err != nil {
		return receipt, fmt.Errorf("job %s is done and its source is deleted, but the journal does not say so: %w", r.job.ID, err)
	}
	return receipt, nil
}

// removeVersion deletes a file as long as it is the one that is meant: KindChanged if
// another one has its name. It looks before every attempt, since the answer to one
// that was done may have been lost. A file that is gone is deleted.
func (e *Engine) removeVersion(ctx context.Context, place remover, path string, meant connectors.Entry, note func(error, time.Duration)) error {
	_, err := retry(ctx, e.retrier(note), e.o.Stall, func(ctx context.Context) (struct{}, error) {
		now, err := place.Stat(ctx, path)
		switch {
		case err != nil:
			return struct{}{}, err
		case !now.SameVersion(meant):
			return struct{}{}, connectors.Errorf(connectors.KindChanged, "remove", path, "there is another file by now")
		}
		return struct{}{}, place.Remove(ctx, path)
	})
	if connectors.KindOf(err) == connectors.KindNotFound {
		return nil
	}
	return err
}

func (r *run) leftThere(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return connectors.Errorf(connectors.KindCanceled, "run job", r.job.ID, "all is copied, and the source is not deleted yet: %w; run it again to go on", context.Cause(ctx))
	}
	return fmt.Errorf("all is copied, but the source %s %s is not deleted: %w", r.job.Source.Location, r.job.Source.Path, err)
}
