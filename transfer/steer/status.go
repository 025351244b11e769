package steer

import (
	"time"

	"gantry/transfer"
)

// How a transfer stands.
const (
	StateRunning   = "moving"
	StatePaused    = "paused"
	StateStopped   = "stopped"   // no process runs it, and it goes on when told to
	StateFailed    = "failed"    // its process ended with an error; it goes on when told to
	StateDone      = "done"      // it has no folder any more
	StateCancelled = "cancelled" // the same
)

// A Status is how a transfer stands that a command runs.
type Status struct {
	ID          string    `json:"id"`
	Kind        string    `json:"kind,omitempty"` // the command: copy, move
	State       string    `json:"state"`
	Source      string    `json:"source"`
	Destination string    `json:"destination"`
	Process     int       `json:"process,omitempty"` // its number; 0 if none runs it
	Started     time.Time `json:"started"`
	Ended       time.Time `json:"ended,omitzero"`
	Error       string    `json:"error,omitempty"`

	Files       int     `json:"files"`
	FilesDone   int     `json:"filesDone"`
	FilesFailed int     `json:"filesFailed"`
	Bytes       int64   `json:"bytes"`   // of all files
	Done        int64   `json:"done"`    // bytes that the destination has
	Resumed     int64   `json:"resumed"` // of these, those that were there when this run began
	Rate        float64 `json:"rate"`    // bytes a second
	ETA         float64 `json:"eta"`     // seconds; -1 while nobody can tell
	Parts       int     `json:"parts"`   // that the destination has, of the files that have been begun
	PartsTotal  int     `json:"partsTotal"`
	Retries     int     `json:"retries"`
	Resent      int64   `json:"resent"` // bytes
	Waiting     string  `json:"waiting,omitempty"`

	Settings
	Running []transfer.Progress `json:"running,omitempty"` // the files under way
	GoOn    string              `json:"goOn,omitempty"`    // the command that goes on
}
