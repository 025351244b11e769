package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"gantry/orchestrator/catalog"
)

// Events is a stretch of the hub's events, oldest first.
type Events struct {
	Items []catalog.Event `json:"items"`
	Last  int64           `json:"last" doc:"pass it as after for what follows"`
}

func (s *server) events(a huma.API) {
	huma.Register(a, operation(http.MethodGet, "/events", "list-events", "Events", "Lists what happened, oldest first; waits for news if asked to"),
		func(ctx context.Context, in *struct {
			After   int64   `query:"after" minimum:"0" doc:"number of the last event that is known"`
			Limit   int     `query:"limit" minimum:"1" maximum:"1000" default:"100"`
			Wait    float64 `query:"wait" minimum:"0" maximum:"30" doc:"seconds to wait when there is none"`
			Subject string  `query:"subject" doc:"ID of an asset, a run or a transfer"`
			Latest  bool    `query:"latest" doc:"the newest ones, whatever after says"`
		},
		) (*body[Events], error) {
			deadline := time.After(time.Duration(in.Wait * float64(time.Second)))
			for {
				news := s.Store.Watch()
				items, err := read(ctx, s, func(ctx context.Context, r catalog.Reader) ([]catalog.Event, error) {
					switch {
					case in.Latest:
						return r.LatestEvents(ctx, in.Subject, in.Limit)
					case in.Subject != "":
						return r.EventsOf(ctx, in.Subject, in.After, in.Limit)
					}
					return r.EventsAfter(ctx, in.After, in.Limit)
				})
				if err != nil || len(items) > 0 {
					return given(Events{Items: items, Last: last(items, in.After)}, err)
				}
				select {
				case <-news:
				case <-deadline:
					return given(Events{Items: []catalog.Event{}, Last: in.After}, nil)
				case <-ctx.Done():
					return nil, huma.Error503ServiceUnavailable("the hub is stopping")
				}
			}
		})
}

func last(items []catalog.Event, after int64) int64 {
	if len(items) == 0 {
		return after
	}
	return items[len(items)-1].Seq
}
