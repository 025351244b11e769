package agent

import (
	"cmp"
	"context"
	"path"
	"time"

	"gantry/connectors"

	"gantry/transfer"
	"gantry/transfer/schedule"
)

// moveJob is one file for the engine.
type moveJob struct {
	id             string
	work           string // what it is part of: an order's key, or an arrival's job
	kind           string // what for, as in wire.Order
	priority       schedule.Priority
	deadline       time.Time
	scope          string            // what its bandwidth is limited with, if not its route
	location, path string            // of the source
	from           connectors.Source // nil: content is the source
	version        *connectors.Entry // that the source must be; nil if any will do
	size           int64             // that the source must have; 0 if it is not known
	expect         connectors.Digests
	content        []byte
	to             []target
	pack           transfer.Pack   // nil: it is sent as it is
	exclusive      bool            // replaces nothing
	route          string          // for Status; empty for an order's file
	growth         transfer.Growth // how it grows; nil: it is finished
	growthVerify   transfer.GrowthVerify
	progress       func(transfer.Progress)
}

// target is where a file goes.
type target struct {
	location, path string
	place          connectors.Place
	verify         transfer.Verify
	profile        *connectors.Profile
	reveal         string
}

// mover is the engine.
type mover interface {
	Run(ctx context.Context, job transfer.Job) (transfer.Receipt, error)
	Abandon(ctx context.Context, jobID string, destinations []transfer.Destination) error
	Tidy(ctx context.Context, place func(location string) (connectors.Sink, error)) error
	steerer
}

// steerer changes jobs that run.
type steerer interface {
	Change(jobID string, c transfer.Change) error
	Cancel(jobID string) bool
	Finish(jobID string) error
	Running() []transfer.Progress
	Totals() transfer.Totals
}

// engineJob checks what can be checked before the engine has it.
func (m moveJob) engineJob(ctx context.Context) (transfer.Job, error) {
	source := transfer.Source{Place: m.from, Location: m.location, Path: m.path, Version: m.version}
	if m.from == nil {
		source.Place = transfer.Bytes(m.path, m.content)
	}
	if m.version == nil && m.size > 0 {
		e, err := m.from.Stat(ctx, m.path)
		if err != nil {
			return transfer.Job{}, err
		}
		if e.Size != m.size {
			return transfer.Job{}, connectors.Errorf(connectors.KindChanged, "move", m.path, "it has %d bytes, and %d were asked for", e.Size, m.size)
		}
		source.Version = &e
	}
	job := transfer.Job{
		Kind: m.kind, Route: cmp.Or(m.scope, m.route), Priority: m.priority, Deadline: m.deadline,
		ID: m.id, Source: source, Expect: m.expect, Pack: m.pack, ContentType: contentType(m.to[0].path),
		Growth: m.growth, GrowthVerify: m.growthVerify,
	}
	for _, t := range m.to {
		job.Destinations = append(job.Destinations, transfer.Destination{Place: t.place, Location: t.location, Path: t.path, Verify: t.verify, Profile: t.profile, Reveal: t.reveal, Exclusive: m.exclusive})
	}
	return job, nil
}

// contentTypes are told to places that keep one, so that a player fed from an object store knows what it gets.
var contentTypes = map[string]string{
	".json": "application/json", ".xml": "application/xml", ".mhl": "application/xml", ".m3u8": "application/vnd.apple.mpegurl",
	".mpd": "application/dash+xml", ".ts": "video/mp2t", ".m4s": "video/iso.segment", ".mp4": "video/mp4", ".mov": "video/quicktime",
	".mxf": "application/mxf", ".jpg": "image/jpeg", ".png": "image/png", ".vtt": "text/vtt", ".srt": "application/x-subrip", ".wav": "audio/wav",
}

func contentType(p string) string { return contentTypes[path.Ext(p)] }
