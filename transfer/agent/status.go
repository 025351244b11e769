package agent

import (
	"time"

	"gantry/transfer/schedule"
)

// Status is a snapshot for doctor, pages and people.
type Status struct {
	Name    string `json:"name"`
	Site    string `json:"site"`
	Version string `json:"version"`

	Hub    Link   `json:"hub"`
	Config string `json:"config,omitempty"` // the version in force

	Routes  []RouteStatus `json:"routes"`
	Moves   []MoveStatus  `json:"moves"`   // under way: arrivals and orders' files
	Waiting int           `json:"waiting"` // settled files that wait for their move

	Outbox      int `json:"outbox"`      // events that the hub does not have yet
	DeadLetters int `json:"deadLetters"` // events that the hub has refused

	Journal     string    `json:"journal,omitempty"` // where a damaged journal was set aside to
	LastError   string    `json:"lastError,omitempty"`
	LastErrorAt time.Time `json:"lastErrorAt,omitzero"`
}

// RouteStatus is one route of the configuration.
type RouteStatus struct {
	Name         string        `json:"name"`
	From         string        `json:"from,omitempty"` // URL
	To           string        `json:"to,omitempty"`   // URL
	Mode         string        `json:"mode"`           // as watch.Watcher.Mode tells it; "refused" for a route that cannot run
	Error        string        `json:"error,omitempty"`
	Growing      []GrowingFile `json:"growing,omitempty"` // the first hundred
	GrowingTotal int           `json:"growingTotal,omitempty"`
}

// GrowingFile is a file that has not settled.
type GrowingFile struct {
	Path      string    `json:"path"`
	Size      int64     `json:"size"`
	Waits     string    `json:"waits"` // for what
	FirstSeen time.Time `json:"firstSeen"`
}

// MoveStatus is one file under way.
type MoveStatus struct {
	Job   string    `json:"job"` // arrival/ID or order/KEY/N
	Route string    `json:"route,omitempty"`
	Path  string    `json:"path"`
	Since time.Time `json:"since"`
	Phase string    `json:"phase,omitempty"`
	Done  int64     `json:"done"`  // bytes
	Total int64     `json:"total"` // bytes
	Rate  float64   `json:"rate"`  // bytes a second

	ETA      float64           `json:"eta"`               // seconds; -1 while nobody can tell
	Waiting  string            `json:"waiting,omitempty"` // for what
	Priority schedule.Priority `json:"priority"`
}
