package api

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"gantry/connectors/wrap/throttle"
	"gantry/orchestrator/catalog"
	"gantry/orchestrator/dispatch"
	"gantry/transfer/agent/wire"
	"gantry/transfer/schedule"
)

// A SteerRequest says what is to be changed of a transfer.
type SteerRequest struct {
	Priority  *string `json:"priority,omitempty" enum:"bulk,normal,high,urgent" doc:"who goes first"`
	Deadline  *string `json:"deadline,omitempty" doc:"when it must be done, after RFC 3339; empty takes it away"`
	Bandwidth *string `json:"bandwidth,omitempty" doc:"most bytes a second, by the clock if you like: 10M, or 08:00,10M 19:00,off; off takes the limit away"`
}

func (q SteerRequest) change() (c dispatch.Change, err error) {
	if q.Priority != nil {
		p, err := schedule.ParsePriority(*q.Priority)
		if err != nil {
			return c, err
		}
		c.Priority = &p
	}
	if q.Deadline != nil {
		at := time.Time{}
		if *q.Deadline != "" {
			if at, err = time.Parse(time.RFC3339, *q.Deadline); err != nil {
				return c, huma.Error422UnprocessableEntity(fmt.Sprintf("deadline is %q: write it like 2026-05-01T20:15:00Z", *q.Deadline))
			}
		}
		c.Deadline = &at
	}
	if q.Bandwidth != nil {
		t, err := throttle.ParseTimetable(*q.Bandwidth)
		if err != nil {
			return c, err
		}
		c.Bandwidth = &t
	}
	return c, nil
}

type transferID struct {
	ID string `path:"id"`
}

// steer are the routes by which people change transfers.
func (s *server) steer(a huma.API) {
	huma.Register(a, operation(http.MethodPatch, "/transfers/{id}", "set-transfer", "Transfers", "Changes the priority, deadline or bandwidth of a transfer that has not ended"),
		func(ctx context.Context, in *struct {
			ID   string `path:"id"`
			Body SteerRequest
		},
		) (*body[catalog.Transfer], error) {
			change, err := in.Body.change()
			if err != nil {
				return nil, refuse(err)
			}
			return steered(in.ID, func() (catalog.Transfer, error) { return s.Desk.Steer(ctx, in.ID, change) })
		})
	for name, paused := range map[string]bool{"pause": true, "resume": false} {
		huma.Register(a, operation(http.MethodPost, "/transfers/{id}/"+name, name+"-transfer", "Transfers", pauseSummary[paused]),
			func(ctx context.Context, in *transferID) (*body[catalog.Transfer], error) {
				return steered(in.ID, func() (catalog.Transfer, error) { return s.Desk.Steer(ctx, in.ID, dispatch.Change{Paused: &paused}) })
			})
	}
	huma.Register(a, operation(http.MethodPost, "/transfers/{id}/finish", "finish-transfer", "Transfers", "Says that a file that is sent while it grows is complete as it is"),
		func(ctx context.Context, in *transferID) (*body[catalog.Transfer], error) {
			finished := true
			return steered(in.ID, func() (catalog.Transfer, error) {
				return s.Desk.Steer(ctx, in.ID, dispatch.Change{Finished: &finished})
			})
		})
	huma.Register(a, operation(http.MethodPost, "/transfers/{id}/cancel", "cancel-transfer", "Transfers", "Gives a transfer up: what is under way is aborted, and the step that waits for it fails"),
		func(ctx context.Context, in *transferID) (*body[catalog.Transfer], error) {
			return steered(in.ID, func() (catalog.Transfer, error) { return s.Desk.Cancel(ctx, in.ID) })
		})
	huma.Register(a, operation(http.MethodPost, "/transfers/{id}/retry", "retry-transfer", "Transfers", "Tries a transfer again at once: one that waits, has failed or was cancelled"),
		func(ctx context.Context, in *transferID) (*body[catalog.Transfer], error) {
			return steered(in.ID, func() (catalog.Transfer, error) { return s.Desk.Retry(ctx, in.ID) })
		})
	huma.Register(a, operation(http.MethodGet, "/agent/controls", "agent-controls", "Agent protocol", "What people want of an agent's work, once it is another version than the one given"),
		func(ctx context.Context, in *struct {
			Agent string  `query:"agent" required:"true" minLength:"1"`
			Site  string  `query:"site" required:"true" minLength:"1"`
			After string  `query:"after" doc:"the version that the agent has"`
			Wait  float64 `query:"wait" minimum:"0" maximum:"30" doc:"seconds to wait for another version"`
		},
		) (*body[wire.Controls], error) {
			return given(s.Desk.Controls(ctx, in.Agent, in.Site, in.After, time.Duration(in.Wait*float64(time.Second))))
		})
}

var pauseSummary = map[bool]string{
	true:  "Pauses a transfer: nothing of it moves until it is resumed, and what was sent is kept",
	false: "Lets a transfer go on that is paused",
}

func steered(id string, change func() (catalog.Transfer, error)) (*body[catalog.Transfer], error) {
	t, err := change()
	return given(t, catalog.NotThere(err, "transfer", id))
}
