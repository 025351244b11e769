package connectors_test

import (
	"context"
	"testing"

	"gantry/connectors"
)

type bare struct{ connectors.Place }

type renamer struct{ connectors.Place }

func (renamer) Rename(context.Context, string, string) error { return nil }

type wrapper struct{ connectors.Place }

func (w wrapper) Unwrap() connectors.Place                     { return w.Place }
func (w wrapper) Rename(context.Context, string, string) error { return nil }

func TestAsSeesThroughWrappers(t *testing.T) {
	for name, test := range map[string]struct {
		place connectors.Place
		has   bool
	}{
		"has it":                  {renamer{}, true},
		"has it not":              {bare{}, false},
		"wrapped, has it":         {wrapper{renamer{}}, true},
		"wrapped, has it not":     {wrapper{bare{}}, false},
		"wrapped twice":           {wrapper{wrapper{renamer{}}}, true},
		"wrapped twice, has none": {wrapper{wrapper{bare{}}}, false},
	} {
		if _, ok := connectors.As[connectors.Renamer](test.place); ok != test.has {
			t.Errorf("%s: %v", name, ok)
		}
	}
}
