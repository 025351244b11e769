package flow

import (
	"encoding/json"
	"time"
)

// EventType says what happened.
type EventType string

// The events that Advance takes. All but Start and Cancel carry the Key of the command that they answer.
const (
	Start      EventType = "start"      // Run is the run's id, Data its input
	CallDone   EventType = "callDone"   // Data is the output
	CallFailed EventType = "callFailed" // Error says why; its Instance is set by the core
	TimerFired EventType = "timerFired"
	RunDone    EventType = "runDone"   // Data is the other workflow's output
	RunFailed  EventType = "runFailed" // Error is what it faulted with, or why it was cancelled
	Cancel     EventType = "cancel"
)

// An Event tells a run what happened at At. At is the core's only clock: give times that do not
// go back. Data that is empty is null.
type Event struct {
	Type  EventType       `json:"type"`
	Key   string          `json:"key,omitempty"`
	Run   string          `json:"run,omitempty"` // the run's id, with Start only
	At    time.Time       `json:"at"`
	Data  json.RawMessage `json:"data,omitempty"`
	Error *Error          `json:"error,omitempty"`
}
