package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

// A FunctionView describes a step that workflows may call.
type FunctionView struct {
	Name    string `json:"name"`
	Summary string `json:"summary"`
	Input   any    `json:"input,omitempty" doc:"JSON Schema"`
	Output  any    `json:"output,omitempty" doc:"JSON Schema"`
}

func (s *server) functions(a huma.API) {
	huma.Register(a, operation(http.MethodGet, "/functions", "list-functions", "Functions", "Lists the functions that workflows may call, with their schemas"),
		func(context.Context, *struct{}) (*body[Page[FunctionView]], error) {
			found := Page[FunctionView]{Items: []FunctionView{}}
			for _, f := range s.Functions {
				found.Items = append(found.Items, FunctionView{Name: f.Name, Summary: f.Summary, Input: f.Input, Output: f.Output})
			}
			return given(found, nil)
		})
}
