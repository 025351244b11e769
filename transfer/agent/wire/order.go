package wire

import (
	"time"

	"gantry/connectors"
	"gantry/connectors/wrap/throttle"
	"gantry/transfer"
	"gantry/transfer/schedule"
)

// A LeaseRequest asks for work. The hub holds it open for up to Wait seconds
// when there is none.
type LeaseRequest struct {
	Agent string `json:"agent"`
	Site  string `json:"site"`
	Max   int    `json:"max"`
	// Room says for how many more orders of each priority there is room. Orders of a higher priority take of the
	// room of lower ones. Without it, Max holds for all.
	Room map[schedule.Priority]int `json:"room,omitempty"`
	Wait float64                   `json:"wait,omitempty"` // seconds, at most 30
}

// A LeaseReply holds the orders that are now the agent's.
type LeaseReply struct {
	Orders []Order `json:"orders"`
}

// An Order is work that the hub wants done: files to move, and documents to
// write beside them when all of them are there.
type Order struct {
	ID         string                         `json:"id"`
	Key        string                         `json:"key"`   // the same work has the same key: the idempotency key
	Fence      int64                          `json:"fence"` // rises with each lease; older leases are refused
	LeaseUntil time.Time                      `json:"leaseUntil"`
	Kind       string                         `json:"kind"` // transfer, deliver, archive, quarantine
	Files      []OrderFile                    `json:"files"`
	Documents  []OrderDocument                `json:"documents,omitempty"`
	Manifest   *OrderManifest                 `json:"manifest,omitempty"`
	Locations  map[string]connectors.Location `json:"locations"` // every location that the order names
	Priority   schedule.Priority              `json:"priority"`
	Deadline   time.Time                      `json:"deadline,omitzero"` // when it must be done
	Bandwidth  throttle.Timetable             `json:"bandwidth,omitzero"`
}

// An OrderFile is one file to read once and write to every destination.
type OrderFile struct {
	Source       FileRef    `json:"source"`
	Destinations []PlaceRef `json:"destinations"`
}

// An OrderDocument is a small file, a sidecar, whose text the hub has written.
type OrderDocument struct {
	Destinations []PlaceRef `json:"destinations"`
	Content      string     `json:"content"`
}

// An OrderManifest asks for an ASC MHL of all that the order wrote below Root,
// written after everything else.
type OrderManifest struct {
	Location string `json:"location"`
	Root     string `json:"root"` // folder in the location; the manifest goes to Root/ascmhl/
	// Created dates the manifest. It is the same each time the order is leased, so that another agent writes the same
	// bytes; without it, an agent keeps the time of its own first try.
	Created time.Time `json:"created,omitzero"`
}

// A FileRef names a file and, where known, what it must be.
type FileRef struct {
	Location string             `json:"location"`
	Path     string             `json:"path"`
	Size     int64              `json:"size,omitempty"`
	Digests  connectors.Digests `json:"digests,omitempty"`
}

// A PlaceRef names where a file goes.
type PlaceRef struct {
	Location string `json:"location"`
	Path     string `json:"path"`
}

// A ProgressReport renews the lease. Progress is summed over the order's files.
type ProgressReport struct {
	Agent string  `json:"agent"`
	Fence int64   `json:"fence"`
	File  string  `json:"file,omitempty"` // the one under way
	Phase string  `json:"phase,omitempty"`
	Done  int64   `json:"done"`  // bytes
	Total int64   `json:"total"` // bytes
	Rate  float64 `json:"rate"`  // bytes a second

	Waiting string  `json:"waiting,omitempty"` // for what, in words; empty while it moves
	Moving  *Moving `json:"moving,omitempty"`
}

// A ProgressReply tells until when the lease is good now.
type ProgressReply struct {
	LeaseUntil time.Time `json:"leaseUntil"`
}

// A ResultReport ends an order: with all receipts, or with what went wrong.
type ResultReport struct {
	Agent    string             `json:"agent"`
	Fence    int64              `json:"fence"`
	Receipts []transfer.Receipt `json:"receipts,omitempty"` // files, then documents, then the manifest's files
	Failure  *Failure           `json:"failure,omitempty"`
}

// A Failure says why an order could not be carried out.
type Failure struct {
	Kind      string `json:"kind"` // connectors.Kind
	Message   string `json:"message"`
	Retryable bool   `json:"retryable"` // the same order may succeed later
}
