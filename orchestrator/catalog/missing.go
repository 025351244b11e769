package catalog

import (
	"errors"
	"fmt"
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

// Unwrap gives [ErrNotFound].
func (m *Missing) Unwrap() error { return ErrNotFound }

// NotThere makes a [Missing] of [ErrNotFound], and leaves other errors as they
// are.
func NotThere(err error, what, id string) error {
	var told *Missing
	if !errors.Is(err, ErrNotFound) || errors.As(err, &told) {
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
