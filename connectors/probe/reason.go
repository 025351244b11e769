package probe

import (
	"errors"

	"gantry/connectors"
)

// reason shortens an error to what a profile needs: the paths in it are the
// probe's own.
func reason(err error) string {
	var known *connectors.Error
	if !errors.As(err, &known) {
		return err.Error()
	}
	if known.Err == nil {
		return string(known.Kind)
	}
	return string(known.Kind) + ": " + known.Err.Error()
}
