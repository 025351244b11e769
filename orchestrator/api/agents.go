package api

import (
	"context"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"gantry/orchestrator/catalog"
	"gantry/orchestrator/dispatch"
	"gantry/transfer/agent/wire"
)

// agents are the routes that edge nodes call; package wire describes them.
func (s *server) agents(a huma.API) {
	huma.Register(a, operation(http.MethodGet, "/agents", "list-agents", "Agents", "Lists the agents that have called since the hub started"),
		func(context.Context, *struct{}) (*body[Page[dispatch.Agent]], error) {
			return given(Page[dispatch.Agent]{Items: s.Desk.Agents()}, nil)
		})
	huma.Register(a, operation(http.MethodGet, "/recordings", "list-recordings", "Agents", "Lists the files that grow in watched folders"),
		func(context.Context, *struct{}) (*body[Page[dispatch.Recording]], error) {
			return given(Page[dispatch.Recording]{Items: s.Desk.Recordings()}, nil)
		})
	huma.Register(a, operation(http.MethodGet, "/agent/config", "agent-config", "Agent protocol", "What an agent works by"),
		func(_ context.Context, in *struct {
			Agent string `query:"agent" required:"true" minLength:"1"`
			Site  string `query:"site" required:"true" minLength:"1"`
		},
		) (*body[wire.Config], error) {
			s.Desk.Heard(in.Agent, in.Site)
			return given(s.Desk.Config(in.Site))
		})
	huma.Register(a, operation(http.MethodPost, "/agent/events", "agent-events", "Agent protocol", "Takes in events, all or none; known ones change nothing"),
		func(ctx context.Context, in *struct{ Body wire.EventBatch }) (*struct{}, error) {
			err := s.Desk.Take(ctx, in.Body)
			var unusable *dispatch.Unusable
			if errors.As(err, &unusable) {
				return nil, huma.Error400BadRequest(err.Error())
			}
			return nil, refuse(err)
		})
	huma.Register(a, operation(http.MethodPost, "/agent/leases", "agent-leases", "Agent protocol", "Leases orders, and waits for some if asked to"),
		func(ctx context.Context, in *struct{ Body wire.LeaseRequest }) (*body[wire.LeaseReply], error) {
			orders, err := s.Desk.Orders(ctx, in.Body)
			return given(wire.LeaseReply{Orders: orders}, err)
		})
	huma.Register(a, operation(http.MethodPost, "/agent/orders/{id}/progress", "agent-progress", "Agent protocol", "Notes progress and renews the lease"),
		func(ctx context.Context, in *struct {
			ID   string `path:"id"`
			Body wire.ProgressReport
		},
		) (*body[wire.ProgressReply], error) {
			until, err := s.Desk.Renew(ctx, in.ID, in.Body)
			return given(wire.ProgressReply{LeaseUntil: until}, catalog.NotThere(err, "order", in.ID))
		})
	huma.Register(a, operation(http.MethodPost, "/agent/orders/{id}/result", "agent-result", "Agent protocol", "Ends an order"),
		func(ctx context.Context, in *struct {
			ID   string `path:"id"`
			Body wire.ResultReport
		},
		) (*struct{}, error) {
			return nil, refuse(catalog.NotThere(s.Desk.End(ctx, in.ID, in.Body), "order", in.ID))
		})
	huma.Register(a, operation(http.MethodPost, "/agent/arrivals/{id}/progress", "agent-arrival", "Agent protocol", "Notes how far a move of the agent's own is"),
		func(ctx context.Context, in *struct {
			ID   string `path:"id"`
			Body wire.ArrivalProgress
		},
		) (*struct{}, error) {
			return nil, refuse(s.Desk.Progressing(ctx, in.ID, in.Body))
		})
}
