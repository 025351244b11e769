package transfer

import (
	"context"
	"errors"
	"fmt"

	"gantry/connectors"
)

// rounds is how often a copy is repaired before it is given up.
const rounds = 4

// settle turns what was accepted into a proved copy: it sends what is missing,
// verifies, commits, and repairs what turns out wrong.
func (d *delivery) settle(ctx context.Context) error {
	var err error
	for range rounds {
		if d.lost {
			if done, err := d.adopt(ctx); done || err != nil {
				return err
			}
			if d.lost = false; d.strange {
				if err := d.stillFree(ctx); err != nil {
					return err
				}
				d.strange = false
			}
		}
		err = d.attempt(ctx)
		if err == nil || !errors.Is(err, errGone) && !errors.Is(err, errRepair) {
			return err
		}
		if errors.Is(err, errGone) {
			d.forsake()
		}
	}
	if errors.Is(err, errGone) && !errors.Is(err, errWrong) {
		return &connectors.Error{
			Kind: connectors.KindUnavailable, Op: "copy", Path: d.to.Path, Err: fmt.Errorf("given up after %d attempts: %w", rounds, err),
			Remedy: "the place has lost each of them: see whether something clears uploads away there, and run the copy again",
		}
	}
	return connectors.Errorf(connectors.KindIntegrity, "copy", d.to.Path, "given up after %d attempts: %w", rounds, err)
}

func (d *delivery) attempt(ctx context.Context) error {
	if d.upload == nil {
		if err := d.beginAnew(ctx); err != nil {
			return err
		}
		if d.upload == nil { // what was left is gone, and a file is there that may be ours
			return errGone
		}
	}
	if err := d.catchUp(ctx); err != nil {
		return err
	}
	if err := d.move(ctx); err != nil {
		return err
	}
	d.times.Sent = d.now()
	e, err := d.verifyStaged(ctx)
	if err != nil {
		return err
	}
	if e.proof != "" {
		d.times.Verified = d.now()
	}
	return d.commit(ctx, e)
}

// forsake gives up an upload that is gone or beyond repair.
func (d *delivery) forsake() {
	d.letGo()
	d.dropEcho()
	d.upload, d.again, d.filled, d.adopted = nil, false, false, false
	d.docket.Remove()
	d.patience.Store(0)
	d.gauge.restart()
	d.mu.Lock()
	defer d.mu.Unlock()
	clear(d.accepted)
	clear(d.claimed)
	clear(d.proved)
	clear(d.astray)
	d.resumed, d.held, d.prefix = 0, 0, 0
	d.lives++
}

var (
	// errGone says that the place does not know the upload any more.
	errGone = errors.New("the upload is gone")
	// errWrong is errGone of one that was committed, found wrong and removed.
	errWrong error = wrongCopy{}
	// errRepair says that some parts were found wrong and have to be sent again.
	errRepair = errors.New("parts were found wrong")
)

type wrongCopy struct{}

func (wrongCopy) Error() string        { return "the committed copy was wrong, and was removed" }
func (wrongCopy) Is(target error) bool { return target == errGone }
