package connectors

import (
	"context"
	"time"
)

// A Describer tells what it has found out about the server behind a place, without
// writing to it.
type Describer interface {
	Describe(ctx context.Context) (Description, error)
}

// A Description is what a server says of itself and what is known of its kind.
type Description struct {
	Software string            `json:"software,omitempty"` // name and version as the server shows them; "" = it does not
	Features []string          `json:"features,omitempty"` // in the protocol's own words, with versions where it has them: "posix-rename@openssh.com 1"
	Quirks   []Quirk           `json:"quirks,omitempty"`
	Clock    time.Time         `json:"clock,omitzero"`    // the server's time when it answered, where it tells
	Options  map[string]string `json:"options,omitempty"` // settings of the connector that fit this server
}

// A Quirk is what a server does otherwise than one expects.
type Quirk struct {
	Name    string `json:"name"`    // a short word for documents: "no-atomic-replace"
	Meaning string `json:"meaning"` // what it means for files there, and what Gantry does about it
}

// A Profile is what a probe has found out about a place. A Location may carry it.
type Profile struct {
	ProbedAt   time.Time         `json:"probedAt" yaml:"probedAt"`
	Connector  string            `json:"connector" yaml:"connector"`
	Software   string            `json:"software,omitempty" yaml:"software,omitempty"`
	Features   []string          `json:"features,omitempty" yaml:"features,omitempty"`
	Quirks     []Quirk           `json:"quirks,omitempty" yaml:"quirks,omitempty"`
	Can        map[string]string `json:"can" yaml:"can"`                               // capability: "yes", or "no: reason"
	ClockSkew  float64           `json:"clockSkew" yaml:"clockSkew"`                   // seconds that the server's clock is ahead
	Proof      string            `json:"proof" yaml:"proof"`                           // the strongest proof of integrity: "native crc64nvme", "readback", "size"
	Commit     string            `json:"commit" yaml:"commit"`                         // how a file becomes visible: "atomic", "swap", "in place"
	Options    map[string]string `json:"options,omitempty" yaml:"options,omitempty"`   // settings that fit the place; a Location's own go first
	Parallel   int               `json:"parallel,omitempty" yaml:"parallel,omitempty"` // parts at once from which on more do not help
	Throughput []Throughput      `json:"throughput,omitempty" yaml:"throughput,omitempty"`
}

// A Throughput is one measurement of a probe.
type Throughput struct {
	Direction string  `json:"direction" yaml:"direction"` // "up" or "down"
	FileSize  int64   `json:"fileSize" yaml:"fileSize"`   // bytes of each file
	Files     int     `json:"files" yaml:"files"`
	Parallel  int     `json:"parallel" yaml:"parallel"`
	Bytes     float64 `json:"bytesPerSecond" yaml:"bytesPerSecond"`
	Rate      float64 `json:"filesPerSecond" yaml:"filesPerSecond"`
}
