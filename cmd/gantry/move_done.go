package main

import (
	"fmt"
	"io"
	"time"

	"gantry/transfer/ledger"
	"gantry/transfer/steer"
)

// movedKept is for how long the same move ends well when it is given once more: its source
// is gone then.
const movedKept = 30 * 24 * time.Hour

// movedWhole is for a move of which nothing is left to do: because an earlier one has done
// all of it, or for the reason that is given.
func (c *copier) movedWhole(reason error) error {
	dir, err := statePath(copyID(c.from.address(c.from.path), c.to.address(c.to.path)))
	if err != nil {
		return err
	}
	l, err := receipts()
	if err != nil {
		return err
	}
	run, ok, err := l.Find(steer.Home("").ID(dir))
	if err != nil || !ok || run.State != steer.StateDone || run.Kind != "move" || time.Since(run.Ended) > movedKept {
		return reason
	}
	r := &report{MovedBefore: run.Ended}
	return c.app.printWith(c.out, r, "results", ledger.Lines(""), func(w io.Writer) error {
		_, err := fmt.Fprintf(w, "nothing is left to move: %s went there by %s\n", count(run.Files, "file"), stamp(run.Ended))
		return err
	})
}
