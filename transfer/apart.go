package transfer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"gantry/connectors"
	"gantry/connectors/promise"
)

// sameFile tells whether a destination is the source itself, whatever it is called:
// then to delete the source would be to lose the file. Of two folders of this machine
// the system knows it. Elsewhere a file is put beside the source, and looked for
// beside the destination.
func (e *Engine) sameFile(ctx context.Context, from remover, source Source, to Destination) (bool, error) {
	if !alike(path.Base(source.Path), path.Base(to.Path)) {
		return false, nil
	}
	if same, known := sameOnDisk(from, source.Path, to); known {
		return same, nil
	}
	if p, ok := to.Place.(interface{ Traits() connectors.Traits }); ok && p.Traits().WriteOnly {
		return false, nil // it does not tell; a drop box is somebody else's
	}
	ends := source.Location + "\x00" + path.Dir(source.Path) + "\x00" + to.Location + "\x00" + path.Dir(to.Path)
	if same, known := e.apart.get(ends, e.o.Now()); known {
		return same, nil
	}
	if err := e.removeLeftMarks(ctx, from, source.Location); err != nil {
		return false, err
	}
	name := promise.NewMark()
	beside := path.Join(path.Dir(source.Path), name)
	defer e.apart.lay(beside)()
	if err := e.journal.Put(marks, name, mark{source.Location, beside}); err != nil { // first, so that no crash leaves it unknown
		return false, err
	}
	if err := e.leaveMark(ctx, from, beside); err != nil {
		return false, errors.Join(err, e.removeMark(ctx, from, beside))
	}
	_, err := e.stat(ctx, to.Place, path.Join(path.Dir(to.Path), name), nil)
	same := err == nil
	if connectors.KindOf(err) == connectors.KindNotFound {
		err = nil
	}
	if err = errors.Join(err, e.removeMark(ctx, from, beside)); err == nil {
		e.apart.put(ends, same, e.o.Now())
	}
	return same, err
}

// marks is the journal's index of the marks that lie in sources, by their names.
const marks = "marks"

type mark struct {
	Location string `json:"location"`
	Path     string `json:"path"`
}

// removeMark takes a mark away, also where the answer to an attempt was lost. One that
// cannot be removed now is left to the next move from the location.
func (e *Engine) removeMark(ctx context.Context, from remover, mark string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), abortTime)
	defer cancel()
	_, err := retry(ctx, e.retrier(nil), e.o.Stall, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, from.Remove(ctx, mark)
	})
	if err != nil && connectors.KindOf(err) != connectors.KindNotFound {
		return fmt.Errorf("%w; the small file %s can be deleted", err, mark)
	}
	return e.journal.Delete(marks, path.Base(mark))
}

// removeLeftMarks removes the marks of runs that were killed.
func (e *Engine) removeLeftMarks(ctx context.Context, from remover, location string) error {
	var left []string
	for entry, err := range e.journal.Scan(marks, "") {
		var m mark
		if err == nil {
			err = json.Unmarshal(entry.Value, &m)
		}
		if err != nil {
			return err
		}
		if m.Location == location && !e.apart.inUse(m.Path) {
			left = append(left, m.Path)
		}
	}
	for _, mark := range left {
		if err := e.removeMark(ctx, from, mark); err != nil {
			return err
		}
	}
	return nil
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

// alike tells whether two names may be one on some server: those of Windows drop dots
// and blanks at the end and have a short name with a ~ for each long one; others see no
// difference between ß and ss, or between the forms of Unicode.
func alike(a, b string) bool {
	return a == b || strings.Contains(a+b, "~") || fold(a) == fold(b)
}

func fold(name string) string {
	return cases.Fold().String(norm.NFKC.String(strings.TrimRight(name, ". ")))
}

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
