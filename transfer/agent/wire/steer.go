package wire

import (
	"time"

	"gantry/connectors"
	"gantry/connectors/wrap/throttle"
	"gantry/transfer"
	"gantry/transfer/schedule"
)

// Controls is what people want of the work that an agent has under way: all of it, so
// that an answer that is lost does no harm. Version changes whenever the rest does.
type Controls struct {
	Version string    `json:"version"`
	Work    []Control `json:"work"`
}

// A Control says how one piece of work is wanted. Fields that are absent were not
// changed: they stay as they were ordered.
type Control struct {
	Work      string              `json:"work"` // an order's key, or arrival/ID
	Paused    *bool               `json:"paused,omitempty"`
	Priority  *schedule.Priority  `json:"priority,omitempty"`
	Deadline  *time.Time          `json:"deadline,omitempty"` // zero takes it away
	Bandwidth *throttle.Timetable `json:"bandwidth,omitempty"`
	Cancelled bool                `json:"cancelled,omitempty"` // nobody wants it any more: its uploads are to be aborted
	Finished  bool                `json:"finished,omitempty"`  // a file of it that is sent while it grows is complete as it is
	// Locations are those that a cancelled order names, for what an agent has of it from before its last start.
	Locations map[string]connectors.Location `json:"locations,omitempty"`
	Attempt   int64                          `json:"attempt,omitempty"` // when it rises, what waits to be tried again is tried at once
}

// Moving is how far a piece of work is, beside its bytes.
type Moving struct {
	ETA        float64             `json:"eta"`     // seconds; -1 while nobody can tell
	Resumed    int64               `json:"resumed"` // bytes that earlier runs had sent
	Parts      int                 `json:"parts"`   // accepted, of the files under way
	PartsTotal int                 `json:"partsTotal"`
	Retries    int                 `json:"retries"`
	Resent     int64               `json:"resent"`            // bytes
	Running    []transfer.Progress `json:"running,omitempty"` // the first files under way
}
