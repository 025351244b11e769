package transfer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

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

// depart deletes the source of a move that has its receipt. It may be called again. That
// it is going to is written down before, so that a later run knows who has deleted it.
func (r *run) depart(ctx context.Context, receipt Receipt) (Receipt, error) {
	if r.job.Move == Keep || !receipt.Removed.IsZero() {
		return receipt, nil
	}
	if r.job.Move != MoveAnyway && slices.ContainsFunc(receipt.Copies, func(c Copy) bool { return c.Proof == ProofSize }) {
		return r.unproved(ctx, receipt)
	}
	begun := !receipt.Removing.IsZero()
	if !begun {
		receipt.Removing = r.e.o.Now().UTC()
		if err := r.e.journal.Finish(r.job.ID, receipt); err != nil {
			return receipt, r.leftThere(ctx, err)
		}
	}
	removed, err := r.e.removeVersion(ctx, r.job.Source.Place.(remover), receipt.Source.Path, receipt.Source.Entry, r.noteRetry)
	switch {
	case connectors.KindOf(err) == connectors.KindChanged:
		return receipt, r.leftThere(ctx, &connectors.Error{
			Kind: connectors.KindChanged, Op: "move", Path: receipt.Source.Path, Err: errors.New("it was changed after it was copied"), Remedy: "run it again: it is copied anew",
		})
	case err != nil:
		return receipt, r.leftThere(ctx, err)
	case removed || begun:
		receipt.Removed = r.e.o.Now().UTC()
	default:
		return r.goneBefore(receipt)
	}
	return r.departed(receipt)
}

func (r *run) departed(receipt Receipt) (Receipt, error) {
	receipt.Removing = time.Time{}
	if err := r.e.journal.Finish(r.job.ID, receipt); err != nil {
		return receipt, fmt.Errorf("job %s is done and its source is gone, but the journal does not say so: %w", r.job.ID, err)
	}
	return receipt, nil
}

// goneBefore is for a source that somebody else has taken away.
func (r *run) goneBefore(receipt Receipt) (Receipt, error) {
	const note = "it was gone before this job could delete it"
	if !slices.Contains(receipt.Source.Notes, note) {
		receipt.Source.Notes = append(receipt.Source.Notes, note)
	}
	return r.departed(receipt)
}

// unproved leaves a source alone that nothing but a size speaks for.
func (r *run) unproved(ctx context.Context, receipt Receipt) (Receipt, error) {
	_, err := r.e.stat(ctx, r.job.Source.Place, receipt.Source.Path, r.noteRetry)
	switch {
	case connectors.KindOf(err) == connectors.KindNotFound:
		return r.goneBefore(receipt)
	case err != nil:
		return receipt, r.leftThere(ctx, err)
	}
	return receipt, &connectors.Error{
		Kind: connectors.KindIntegrity, Op: "move", Path: receipt.Source.Path,
		Err:    errors.New("all is copied, but only its size speaks for a copy: the source stays"),
		Remedy: "delete the source by hand, or allow it to be deleted unproved",
	}
}

// removeVersion deletes a file as long as it is the one that is meant: KindChanged if
// another one has its name. It looks before every attempt, since the answer to one
// that was done may have been lost. removed is false if it was gone before the first.
func (e *Engine) removeVersion(ctx context.Context, place remover, path string, meant connectors.Entry, note func(error, time.Duration)) (removed bool, err error) {
	tried := false
	_, err = retry(ctx, e.retrier(note), e.o.Stall, func(ctx context.Context) (struct{}, error) {
		now, err := place.Stat(ctx, path)
		switch {
		case err != nil:
			return struct{}{}, err
		case !now.SameVersion(meant):
			return struct{}{}, connectors.Errorf(connectors.KindChanged, "remove", path, "there is another file by now")
		}
		tried = true
		return struct{}{}, place.Remove(ctx, path)
	})
	if connectors.KindOf(err) == connectors.KindNotFound {
		return tried, nil
	}
	return err == nil, err
}

func (r *run) leftThere(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return connectors.Errorf(connectors.KindCanceled, "run job", r.job.ID, "all is copied, and the source is not deleted yet: %w; run it again to go on", context.Cause(ctx))
	}
	return fmt.Errorf("all is copied, but the source %s %s is not deleted: %w", r.job.Source.Location, r.job.Source.Path, err)
}
