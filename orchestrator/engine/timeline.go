package engine

import (
	"encoding/json"
	"time"

	"gantry/orchestrator/catalog"
)

// The types of events in the timeline begin with these; the new status follows.
const (
	EventRun  = "gantry.run."
	EventStep = "gantry.step."
)

const source = "/engine"

// A RunChange is the data of an event about a run.
type RunChange struct {
	Run      string          `json:"run"`
	Asset    string          `json:"asset,omitempty"`
	Parent   string          `json:"parent,omitempty"`
	Workflow string          `json:"workflow"` // namespace/name:version
	Status   string          `json:"status"`
	Error    json.RawMessage `json:"error,omitempty"`
}

// A StepChange is the data of an event about a step.
type StepChange struct {
	Run      string          `json:"run"`
	Asset    string          `json:"asset,omitempty"`
	Key      string          `json:"key"`
	Task     string          `json:"task"`
	Name     string          `json:"name"`
	Function string          `json:"function,omitempty"`
	Status   string          `json:"status"`
	Attempt  int             `json:"attempt,omitempty"`
	Detail   string          `json:"detail,omitempty"`
	Error    json.RawMessage `json:"error,omitempty"`
}

func (c *change) reportRun(run catalog.Run, at time.Time) {
	c.report(EventRun+run.Status, run.ID, at, RunChange{
		Run: run.ID, Asset: run.AssetID, Parent: run.ParentID, Workflow: run.Namespace + "/" + run.Workflow + ":" + run.Version,
		Status: run.Status, Error: run.Error,
	})
}

func (c *change) reportStep(asset string, s catalog.Step, detail string, at time.Time) {
	c.report(EventStep+s.Status, s.RunID, at, StepChange{
		Run: s.RunID, Asset: asset, Key: s.Key, Task: s.Task, Name: s.Name, Function: s.Function,
		Status: s.Status, Attempt: s.Attempt, Detail: detail, Error: s.Error,
	})
}

func (c *change) report(kind, subject string, at time.Time, data any) {
	text, err := json.Marshal(data)
	if err != nil { // an error that a function made by hand
		text = json.RawMessage(`{}`)
		c.options.Logger.Error("an event's data cannot be written", "type", kind, "subject", subject, "error", err)
	}
	c.events = append(c.events, catalog.Event{
		ID: catalog.NewID(catalog.PrefixEvent, at), Type: kind, Source: source, Subject: subject, Time: at, Data: text,
	})
}
