package transfer

import (
	"context"
	"errors"
	"io"

	"gantry/connectors"
	"gantry/transfer/digest"
	"gantry/transfer/schedule"
)

// readAll fills a buffer, going on where a failed attempt stopped. short tells that the
// file ends before, where that is a fact.
func (s scan) readAll(ctx context.Context, e *Engine, t *tape, offset int64, buffer []byte, sums *digest.Set) (short bool, err error) {
	r, key := e.retrier(s.note).moving(), int(offset)
	if s.tally != nil {
		r = s.tally.take(key, r)
		defer func() {
			if err == nil {
				s.tally.moved(key)
			}
		}()
	}
	for at := 0; at < len(buffer); {
		n, err := s.readInSlot(ctx, e, t, offset+int64(at), buffer[at:], sums)
		at += n
		if n > 0 {
			r.progress()
		}
		if err == nil || errors.Is(err, errPaused) || errors.Is(err, schedule.ErrPreempted) {
			continue
		}
		if errors.Is(err, schedule.ErrHeld) {
			if !s.patient {
				return false, err
			}
			if err := ready(ctx, s.flow); err != nil {
				return false, err
			}
			continue
		}
		if missing(err) {
			if s.doubt == nil {
				return true, nil
			}
			if changed := s.doubt(ctx); changed != nil {
				return false, ended(ctx, changed)
			}
			err = s.back(err)
		}
		if s.tally != nil {
			if err := s.tally.fail(ctx, key, r, err); err != nil {
				return false, err
			}
		} else if !r.again(ctx, err) {
			return false, ended(ctx, err)
		}
	}
	return false, nil
}

// back makes a failure worth another attempt that was of a file that is there after all.
func (s scan) back(err error) error {
	if connectors.KindOf(err) == connectors.KindNotFound {
		return connectors.Errorf(connectors.KindUnavailable, s.what, s.path, "it was away for a moment: %w", err)
	}
	return err
}

func missing(err error) bool {
	kind := connectors.KindOf(err)
	return kind == connectors.KindIncomplete || kind == connectors.KindNotFound
}

// readInSlot is one attempt to fill the buffer.
func (s scan) readInSlot(ctx context.Context, e *Engine, t *tape, offset int64, buffer []byte, sums *digest.Set) (n int, err error) {
	ctx, free, err := s.control.attemptHolding(ctx)
	if err != nil {
		return 0, err
	}
	defer free()
	err = inSlot(ctx, s.flow, int64(len(buffer)), func(ctx context.Context, slot *schedule.Slot) (err error) {
		n, err = s.read(ctx, e, t, slot, offset, buffer, sums)
		return err
	})
	return n, err
}

// read fills buffer from one stream. Bytes are hashed as they come, while the
// processor still has them at hand.
func (s scan) read(ctx context.Context, e *Engine, t *tape, slot *schedule.Slot, offset int64, buffer []byte, sums *digest.Set) (n int, err error) {
	ctx, w := e.watched(ctx, slot, s.what, s.path)
	defer w.close()
	stream, done, err := t.from(ctx, w, offset, len(buffer))
	if err != nil {
		return 0, err
	}
	defer func() { done(n, err == nil) }()
	for n < len(buffer) {
		got, err := stream.Read(buffer[n:min(len(buffer), n+w.step())])
		if got > 0 {
			sums.Write(buffer[n : n+got])
			n += got
			w.moved(int64(got))
			if err := w.pass(got); err != nil && n < len(buffer) {
				return n, err
			}
		}
		switch {
		case n == len(buffer):
			return n, nil
		case errors.Is(err, io.EOF):
			return n, connectors.Errorf(connectors.KindIncomplete, s.what, s.path, "it ends %d bytes early", len(buffer)-n)
		case err != nil:
			return n, ended(ctx, err)
		}
	}
	return n, nil
}
