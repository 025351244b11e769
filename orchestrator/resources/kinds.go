// Package resources holds the documents that a hub works by: sites, locations,
// routes, partners, webhooks, profiles, rules and workflows. A set of them is
// read, checked as a whole and then never changed; a new one takes its place.
package resources

import (
	"gantry/connectors"
	"gantry/connectors/wrap/throttle"
	"gantry/orchestrator/flow"
	"gantry/orchestrator/media"
	"gantry/policy"
	"gantry/transfer/agent/wire"
)

// What a location may be for, beside an end of transfers.
const (
	RoleRenditions = "renditions" // what the hub makes is kept here
	RoleQuarantine = "quarantine" // rejected clips
)

// A Site is a venue or a centre: where agents run.
type Site struct {
	Name  string `json:"name" yaml:"-"`
	Title string `json:"title,omitempty" yaml:"title"`
	// Bandwidth limits all that its agents move: a timetable such as "08:00,10M 19:00,off".
	Bandwidth throttle.Timetable `json:"bandwidth,omitzero" yaml:"bandwidth"`
}

// A Location is a place for files, reached from a site.
type Location struct {
	connectors.Location `yaml:",inline"`

	Site string `json:"site" yaml:"site"`           // whose agents reach it
	Tier string `json:"tier,omitempty" yaml:"tier"` // archive copies of that tier go here
	Role string `json:"role,omitempty" yaml:"role"` // RoleRenditions, RoleQuarantine or none
}

// ProfileOriginal is the rendition that an asset arrived as.
const ProfileOriginal = "original"

// A Partner is somebody who gets deliveries.
type Partner struct {
	Name     string   `json:"name" yaml:"-"`
	Title    string   `json:"title,omitempty" yaml:"title"`
	Location string   `json:"location" yaml:"location"`
	Profile  string   `json:"profile" yaml:"profile"` // the rendition that it wants
	Path     string   `json:"path,omitempty" yaml:"path"`
	Sidecar  *Sidecar `json:"sidecar,omitempty" yaml:"sidecar"`
	Manifest bool     `json:"manifest" yaml:"manifest"` // an ASC MHL goes along
}

// A Sidecar is the metadata document that a partner wants beside the media. The
// template's values are escaped for the format by themselves.
type Sidecar struct {
	Format   string `json:"format" yaml:"format"` // xml or json
	Name     string `json:"name" yaml:"name"`     // template of the file's name
	Template string `json:"template" yaml:"template"`
}

// A Webhook is an address that is told of events, signed after Standard Webhooks.
type Webhook struct {
	Name   string `json:"name" yaml:"-"`
	URL    string `json:"url" yaml:"url"`
	Secret string `json:"secret" yaml:"secret"` // a reference
}

// A Workflow is a parsed workflow document, its text and its place.
type Workflow struct {
	Definition *flow.Definition
	Source     []byte
	File       string
	Line       int // of File that Source begins on
}

// A Set is all documents at one moment. It is never changed.
type Set struct {
	Sites     map[string]Site
	Locations map[string]Location
	Routes    map[string]wire.Route
	Partners  map[string]Partner
	Webhooks  map[string]Webhook
	Profiles  map[string]media.Profile
	QC        map[string]media.QCRules
	Tiering   map[string]*policy.Tiering
	Workflows map[string]Workflow

	Documents []Document // in the order of files and places

	at map[ref]int // where each stands in Documents
}

// A Document is one entry of a Set as it was written.
type Document struct {
	Kind   string `json:"kind"`
	Name   string `json:"name"`
	File   string `json:"file"`
	Line   int    `json:"line"` // of the file that it begins on
	Source string `json:"source"`
}
