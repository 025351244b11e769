package api

import (
	"errors"

	"github.com/danielgtaylor/huma/v2"

	"gantry/configs/resource"
	"gantry/connectors"
	"gantry/orchestrator/catalog"
)

// refuse gives an error the status that the caller can act on.
func refuse(err error) error {
	var problem *resource.Problem
	var status huma.StatusError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &status):
		return err
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
