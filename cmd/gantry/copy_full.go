package main

import (
	"errors"
	"fmt"

	"gantry/connectors"
)

// noRoom tells whether a destination was too full for a file. The journal's disk and the
// scratch folder are ours.
func noRoom(err error) bool {
	var e *connectors.Error
	return errors.As(err, &e) && e.Kind == connectors.KindNoSpace && (e.Op == "begin" || e.Op == "write part" || e.Op == "commit")
}

// heldBack says that what was sent to a full destination stays there, where it takes up
// the room that others may need; nil if none was full.
func (r *report) heldBack() error {
	if !r.full || r.id == "" {
		return nil
	}
	return fmt.Errorf("what was sent of what failed stays at the full destination, hidden, for the same command to go on with, and takes up room there: gantry transfer cancel %s discards it", r.id)
}
