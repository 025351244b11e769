package promise

import (
	"time"

	"gantry/connectors"
)

// ModTime is the time that a file shall have: as it is told at commit, else as it
// was when the upload began. Zero leaves it.
func ModTime(o connectors.UploadOptions, w connectors.Whole) time.Time {
	if w.ModTime.IsZero() {
		return o.ModTime
	}
	return w.ModTime
}
