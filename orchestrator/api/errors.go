package api

import (
	"errors"
	"fmt"

	"github.com/danielgtaylor/huma/v2"

	"gantry/configs/resource"
	"gantry/connectors"
	"gantry/orchestrator/catalog"
)

// A Missing is something that was asked for and that there is not.
type Missing struct {
	What, ID string
	Hint     string // what to do; may be empty
}

// Error tells it as a person would.
func (m *Missing) Error() string {
	text := fmt.Sprintf("there is no %s %q", m.What, m.ID)
	if m.Hint != "" {
		text += ": " + m.Hint
	}
	return text
}

// Unwrap gives catalog.ErrNotFound.
func (m *Missing) Unwrap() error { return catalog.ErrNotFound }

// NotThere makes a Missing of catalog.ErrNotFound, and leaves other errors as they
// are.
func NotThere(err error, what, id string) error {
	var told *Missing
	if !errors.Is(err, catalog.ErrNotFound) || errors.As(err, &told) {
		return err
	}
	return &Missing{What: what, ID: id, Hint: hints[what]}
}

var hints = map[string]string{
	"asset":    "list them with gantry get assets",
	"run":      "list them with gantry run ls",
	"transfer": "list them with gantry transfer ls",
	"delivery": "list them with gantry get deliveries",
	"order":    "it was never placed here: has the agent's hub changed?",
}

// refuse gives an error the status that the caller can act on.
func refuse(err error) error {
	var problem *resource.Problem
	switch {
	case err == nil:
		return nil
	case errors.Is(err, catalog.ErrNotFound):
		return huma.Error404NotFound(err.Error())
	case errors.Is(err, catalog.ErrFenced), errors.Is(err, catalog.ErrConflict):
		return huma.Error409Conflict(err.Error())
	case errors.Is(err, catalog.ErrBusy):
		return huma.Error503ServiceUnavailable(err.Error())
	case errors.As(err, &problem), connectors.KindOf(err) == connectors.KindInvalid:
		return huma.Error422UnprocessableEntity(err.Error())
	}
	return huma.Error500InternalServerError(err.Error())
}
