package main

import (
	"strings"
	"testing"

	"gantry/connectors"
)

// Who has filled a destination is told that what was sent is still there.
func TestAFullDestinationIsToldOf(t *testing.T) {
	for op, told := range map[string]bool{"write part": true, "commit": true, "write journal": false, "stage": false} {
		for _, files := range []int{1, 2} {
			r := &report{Files: files, Failed: 1, id: "copy-1"}
			failed := connectors.Errorf(connectors.KindNoSpace, op, "clip", "full")
			r.fails(0, failed)
			err := r.err(t.Context())
			if got := strings.Contains(err.Error(), "gantry transfer cancel copy-1 discards it"); got != told || !strings.Contains(err.Error(), failed.Error()) {
				t.Errorf("%s of %d files: %v", op, files, err)
			}
			if files == 1 && connectors.KindOf(err) != connectors.KindNoSpace {
				t.Errorf("%s: its kind is lost: %v", op, err)
			}
		}
	}
}
