package schedule

import (
	"time"

	"gantry/connectors/wrap/throttle"
)

// Work is what a job tells of itself.
type Work struct {
	Job      string
	Site     string    // whose work it is; sites share fairly
	Route    string    // by which route it came, if by any
	Priority Priority  // as ordered
	Deadline time.Time // when it must be done, as the air date of a programme; zero = none
	Size     int64     // bytes in all; below 1 = not known yet
}

// A Direction is which way bytes move at an endpoint.
type Direction int8

// The directions.
const (
	Read Direction = iota
	Write
)

func (d Direction) String() string {
	if d == Write {
		return "write"
	}
	return "read"
}

// An Endpoint is where a job's parts come from or go to.
type Endpoint struct {
	Name      string // as people know it; the same for all jobs that use it
	Direction Direction
	Most      int  // parts at once, in both directions together, that it can make use of; 0 = not known
	Near      bool // what moves there moves on this machine's own disks: limits of jobs, routes and sites, which are of lines, do not count it
	Start     int  // parts at once that are worth trying from the beginning; 0 = a few
	Whole     bool // a part cannot be stopped and moved again without losing others: its slots are never taken away
}

// A Change is what may be changed of a job while it waits or runs; nil leaves things
// as they are.
type Change struct {
	Paused   *bool
	Priority *Priority
	Deadline *time.Time          // zero takes it away
	Limit    *throttle.Timetable // of this job
}

// A Scope is what a limit of bandwidth holds for.
type Scope struct{ kind, name string }

// OfSite is the scope of all that a site moves.
func OfSite(name string) Scope { return Scope{"site", name} }

// OfRoute is the scope of all that a route moves.
func OfRoute(name string) Scope { return Scope{"route", name} }

// OfEndpoint is the scope of all that moves to and from an endpoint.
func OfEndpoint(name string) Scope { return Scope{"", name} }

// String is how people know it: "site oslo", "archive".
func (s Scope) String() string {
	if s.kind == "" {
		return s.name
	}
	return s.kind + " " + s.name
}
