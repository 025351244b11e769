// Package wire is what an agent and a hub say to each other over HTTP: documents
// and paths, nothing else. The agent always calls; the hub never does.
//
//	GET  /api/v1/agent/config?agent=A&site=S   Config: the site's routes and locations
//	POST /api/v1/agent/events                  EventBatch: what happened, in order; repeats are harmless
//	POST /api/v1/agent/leases                  LeaseRequest -> LeaseReply: work to carry out
//	POST /api/v1/agent/orders/{id}/progress    ProgressReport: renews the lease; 409 when it is lost
//	POST /api/v1/agent/orders/{id}/result      ResultReport: ends the order; 409 when the lease is lost
//	GET  /api/v1/agent/controls?agent=A&site=S&after=VERSION&wait=SECONDS
//	                                           Controls: what people want of all the agent's work, once it is another
//	                                           version than the one that the agent has
//	POST /api/v1/agent/arrivals/{id}/progress  ArrivalProgress: how far a move of the agent's own is; while a file
//	                                           grows it has no version, and id names its route and path only
package wire

import (
	"encoding/json"
	"time"

	"gantry/connectors"
	"gantry/connectors/wrap/throttle"
	"gantry/transfer"
	"gantry/transfer/schedule"
)

// Config is what an agent works by.
type Config struct {
	Site       string                         `json:"site"`
	Routes     []Route                        `json:"routes"`
	Locations  map[string]connectors.Location `json:"locations"`
	Bandwidth  throttle.Timetable             `json:"bandwidth,omitzero"`   // of all that the site moves
	Bandwidths map[string]throttle.Timetable  `json:"bandwidths,omitempty"` // of the site's locations, whether a route names them or not
	Version    string                         `json:"version"`              // changes whenever the rest does
}

// A Route says which arrivals go where: the spec of a Route resource.
type Route struct {
	Name   string `json:"name" yaml:"-"`
	Site   string `json:"site" yaml:"site"`
	From   string `json:"from" yaml:"from"` // the location that is watched
	To     string `json:"to" yaml:"to"`     // the location that arrivals are moved to
	Path   string `json:"path,omitempty" yaml:"path"`
	Settle Settle `json:"settle" yaml:"settle"`
	// Growing has recordings sent while they are written; nil: they are sent once they have settled.
	Growing *Growing `json:"growing,omitempty" yaml:"growing"`
	// Workflow is started by the hub for each arrival; empty for none.
	Workflow string `json:"workflow,omitempty" yaml:"workflow"`
	// Priority says who goes first; Deadline in how many seconds after it has settled a file should be at its
	// destination, 0 for any time; Bandwidth limits all that the route moves.
	Priority  schedule.Priority  `json:"priority,omitempty" yaml:"priority"`
	Deadline  float64            `json:"deadline,omitempty" yaml:"deadline"`
	Bandwidth throttle.Timetable `json:"bandwidth,omitzero" yaml:"bandwidth"`
	// Labels are the hub's: each asset that comes in on the route has them, for policies to decide by.
	Labels map[string]string `json:"labels,omitempty" yaml:"labels"`
}

// Settle says when a file is finished.
type Settle struct {
	Stable  float64  `json:"stable,omitempty" yaml:"stable"` // seconds without a change; 0 = 5
	Ignore  []string `json:"ignore,omitempty" yaml:"ignore"` // more name patterns to pass over
	MinSize int64    `json:"minSize,omitempty" yaml:"minSize"`
}

// Growing says which files are sent while they are written, and when such a file is finished: as soon as its writer has closed
// it, it was renamed, or it has not changed for some time; where a sidecar is asked for, when that has come, and not before.
type Growing struct {
	Match     []string `json:"match,omitempty" yaml:"match"`         // patterns of names; empty = all
	After     float64  `json:"after,omitempty" yaml:"after"`         // seconds for which a file has to be seen to grow; 0 = 3
	Verify    string   `json:"verify,omitempty" yaml:"verify"`       // what is read again at the end: full (also if empty) or edges
	Idle      float64  `json:"idle,omitempty" yaml:"idle"`           // seconds without a change after which it is finished, where nobody has it open; 0 = 10
	Silence   float64  `json:"silence,omitempty" yaml:"silence"`     // seconds without a change and an end after which a person is told; 0 = 600
	Sidecar   string   `json:"sidecar,omitempty" yaml:"sidecar"`     // what is put to the file's name for that of the file that comes when it is finished: ".done"
	Temporary []string `json:"temporary,omitempty" yaml:"temporary"` // endings of names that files have until they are finished: ".part"
	Reveal    string   `json:"reveal,omitempty" yaml:"reveal"`       // a path in the destination, as Route.Path, under which others may read what has arrived so far
}

// The choices of Growing.Verify.
const (
	GrowingFull  = "full"
	GrowingEdges = "edges"
)

// The types of events that an agent sends.
const (
	EventArrived = "gantry.arrival.arrived" // Data is an Arrival: moved and proved
	EventFailed  = "gantry.arrival.failed"  // Data is an ArrivalFailure: given up until something changes
	EventAlarm   = "gantry.agent.alarm"     // Data is an Alarm
)

// An Event is something that happened at a site. Its shape is a CloudEvent's.
type Event struct {
	ID     string          `json:"id"` // the same event has the same ID, however often it is sent
	Type   string          `json:"type"`
	Source string          `json:"source"` // /sites/SITE/agents/AGENT
	Time   time.Time       `json:"time"`
	Data   json.RawMessage `json:"data"`
}

// An EventBatch is sent in the order in which its events happened.
type EventBatch struct {
	Agent  string  `json:"agent"`
	Site   string  `json:"site"`
	Events []Event `json:"events"`
}

// An Arrival is one version of one file that a route has moved.
type Arrival struct {
	ID         string           `json:"id"` // names this version of this file on this route
	Route      string           `json:"route"`
	Path       string           `json:"path"` // in the watched location
	FirstSeen  time.Time        `json:"firstSeen"`
	LastChange time.Time        `json:"lastChange"` // when the recording ended
	Receipt    transfer.Receipt `json:"receipt"`
	// Followed is the ID under which a recording was sent and shown while it grew, and had no version yet; empty for a file that had settled.
	Followed string `json:"followed,omitempty"`
}

// An ArrivalFailure is an arrival that could not be moved, or of which the file was replaced or taken away before it
// was. The event's Time is when that was found; an ArrivalProgress from before it is out of date.
type ArrivalFailure struct {
	ID    string `json:"id"`
	Route string `json:"route"`
	Path  string `json:"path"`
	Kind  string `json:"kind"` // connectors.Kind
	Error string `json:"error"`
}

// An Alarm asks for a person's attention.
type Alarm struct {
	Subject string `json:"subject"` // a route, a location or the agent
	Message string `json:"message"`
	Cleared bool   `json:"cleared,omitempty"` // it is over
}

// PhaseGrowing is the phase of a file that is not finished. It has no version yet,
// so the ID that it is reported under is not that of its arrival.
const PhaseGrowing = "growing"

// PhaseQueued is the phase of a file that has settled and waits for the agent to begin; the transfer's Waiting says why.
const PhaseQueued = "queued"

// An ArrivalProgress is a snapshot; a lost one does no harm. It may come after an event that happened later: At, on
// the clock of the events' Time, tells.
type ArrivalProgress struct {
	Agent    string            `json:"agent"`
	Site     string            `json:"site"`
	Route    string            `json:"route"`
	Path     string            `json:"path"`
	Phase    string            `json:"phase"` // growing, queued, moving
	Size     int64             `json:"size"`  // bytes seen so far
	At       time.Time         `json:"at"`    // when it was so
	Transfer transfer.Progress `json:"transfer"`
}
