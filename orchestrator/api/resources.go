package api

import (
	"context"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"gantry/orchestrator/catalog"
	"gantry/orchestrator/resources"
)

// An ApplyRequest holds documents to create or to replace.
type ApplyRequest struct {
	File   string `json:"file,omitempty" doc:"name for messages"`
	Text   string `json:"text" doc:"YAML, one or more documents"`
	DryRun bool   `json:"dryRun,omitempty" doc:"check all, change nothing"`
}

// Applied says what became of each document.
type Applied struct {
	Changes []resources.Change `json:"changes"`
	DryRun  bool               `json:"dryRun"`
}

func (s *server) resources(a huma.API) {
	huma.Register(a, operation(http.MethodGet, "/resources", "list-resources", "Resources", "Lists the documents that the hub works by"),
		func(_ context.Context, in *struct {
			Kind string `query:"kind" doc:"Site, Location, Route, Partner, Webhook, Profile, QCRules, TieringPolicy, Workflow"`
		},
		) (*body[Page[resources.Document]], error) {
			found := Page[resources.Document]{Items: []resources.Document{}}
			for _, d := range s.Resources.Current().Documents {
				if in.Kind == "" || strings.EqualFold(d.Kind, in.Kind) {
					found.Items = append(found.Items, d)
				}
			}
			return given(found, nil)
		})
	huma.Register(a, operation(http.MethodGet, "/resources/{kind}/{name}", "get-resource", "Resources", "Shows a document"),
		func(_ context.Context, in *struct {
			Kind string `path:"kind"`
			Name string `path:"name"`
		},
		) (*body[resources.Document], error) {
			for _, d := range s.Resources.Current().Documents {
				if strings.EqualFold(d.Kind, in.Kind) && d.Name == in.Name {
					return given(d, nil)
				}
			}
			return given(resources.Document{}, &catalog.Missing{What: "document", ID: in.Kind + "/" + in.Name, Hint: "list them with gantry get resources"})
		})
	huma.Register(a, operation(http.MethodPost, "/resources", "apply-resources", "Resources", "Creates or replaces documents, all or none"),
		func(ctx context.Context, in *struct{ Body ApplyRequest }) (*body[Applied], error) {
			name := in.Body.File
			if name == "" {
				name = "input"
			}
			changes, err := s.Resources.Apply(ctx, name, []byte(in.Body.Text), in.Body.DryRun)
			return given(Applied{Changes: changes, DryRun: in.Body.DryRun}, err)
		})
}
