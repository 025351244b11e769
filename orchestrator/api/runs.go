package api

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"gantry/orchestrator/catalog"
)

// A RunView is a run, its steps, and the transfers under way for them.
type RunView struct {
	Run       catalog.Run        `json:"run"`
	Steps     []catalog.Step     `json:"steps"`
	Transfers []catalog.Transfer `json:"transfers" doc:"what its steps wait for: their keys are the run's ID followed by the step's key"`
}

// A StartRequest asks for a run.
type StartRequest struct {
	Workflow string          `json:"workflow" doc:"name of the workflow: what is applied now is run"`
	Asset    string          `json:"asset,omitempty" doc:"the asset that it is about; its original becomes the input's source"`
	Input    json.RawMessage `json:"input,omitempty" doc:"input in place of the asset's"`
}

// A CancelRequest says why, for the record.
type CancelRequest struct {
	Reason string `json:"reason,omitempty"`
}

// A Started run.
type Started struct {
	ID string `json:"id"`
}

func (s *server) runs(a huma.API) {
	huma.Register(a, operation(http.MethodGet, "/runs", "list-runs", "Runs", "Lists runs, newest first"),
		func(ctx context.Context, in *struct {
			Status   []string `query:"status" enum:"running,waiting,completed,failed,cancelled"`
			Asset    string   `query:"asset"`
			Workflow string   `query:"workflow"`
			PageQuery
		},
		) (*body[Page[catalog.Run]], error) {
			rows, err := read(ctx, s, func(ctx context.Context, r catalog.Reader) ([]catalog.Run, error) {
				return r.Runs(ctx, catalog.RunFilter{Status: list(in.Status), AssetID: in.Asset, Workflow: in.Workflow, Page: in.page()})
			})
			return given(paged(rows, in.PageQuery, func(r catalog.Run) string { return r.ID }), err)
		})
	huma.Register(a, operation(http.MethodGet, "/runs/{id}", "get-run", "Runs", "Shows a run with its steps and what it waits for"),
		func(ctx context.Context, in *struct {
			ID string `path:"id"`
		},
		) (*body[RunView], error) {
			view, err := read(ctx, s, func(ctx context.Context, r catalog.Reader) (v RunView, err error) {
				if v.Run, err = r.Run(ctx, in.ID); err != nil {
					return v, err
				}
				if v.Steps, err = r.Steps(ctx, in.ID); err != nil {
					return v, err
				}
				v.Transfers, err = r.Transfers(ctx, catalog.TransferFilter{
					RunID: in.ID, Status: []string{catalog.TransferQueued, catalog.TransferLeased}, Page: catalog.Page{Limit: catalog.MaxPage},
				})
				return v, err
			})
			return given(view, catalog.NotThere(err, "run", in.ID))
		})
	start := operation(http.MethodPost, "/runs", "start-run", "Runs", "Starts a workflow")
	start.DefaultStatus = http.StatusCreated
	huma.Register(a, start, func(ctx context.Context, in *struct{ Body StartRequest }) (*body[Started], error) {
		id, err := s.Runs.Start(ctx, in.Body.Workflow, in.Body.Asset, in.Body.Input)
		return given(Started{id}, err)
	})
	retry := operation(http.MethodPost, "/runs/{id}/retry", "retry-run", "Runs", "Starts a new run with the input of one that ended, by the workflow as it is applied now")
	retry.DefaultStatus = http.StatusCreated
	huma.Register(a, retry, func(ctx context.Context, in *struct {
		ID string `path:"id"`
	},
	) (*body[Started], error) {
		id, err := s.Runs.Retry(ctx, in.ID)
		return given(Started{id}, catalog.NotThere(err, "run", in.ID))
	})
	huma.Register(a, operation(http.MethodPost, "/runs/{id}/cancel", "cancel-run", "Runs", "Cancels a run"),
		func(ctx context.Context, in *struct {
			ID   string `path:"id"`
			Body *CancelRequest
		},
		) (*struct{}, error) {
			reason := ""
			if in.Body != nil {
				reason = in.Body.Reason
			}
			return nil, refuse(catalog.NotThere(s.Runs.Cancel(ctx, in.ID, reason), "run", in.ID))
		})
}
