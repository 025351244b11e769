package flow

import (
	"cmp"
	"fmt"
)

// The types of the specification's standard errors.
const (
	errorBase          = "https://open-workflow-specification.org/spec/1.0.0/errors/"
	TypeConfiguration  = errorBase + "configuration"
	TypeValidation     = errorBase + "validation"
	TypeExpression     = errorBase + "expression"
	TypeAuthentication = errorBase + "authentication"
	TypeAuthorization  = errorBase + "authorization"
	TypeTimeout        = errorBase + "timeout"
	TypeCommunication  = errorBase + "communication"
	TypeRuntime        = errorBase + "runtime"
)

// An Error is a problem detail of RFC 9457. Instance is the JSON pointer of the task (or of the
// part of the document) that it comes from; a host may leave it empty in an event.
type Error struct {
	Type     string `json:"type"`
	Title    string `json:"title,omitempty"`
	Status   int    `json:"status"`
	Detail   string `json:"detail,omitempty"`
	Instance string `json:"instance,omitempty"`
}

// Error gives title, detail and place in one line.
func (e *Error) Error() string {
	s := e.Title
	if s == "" {
		s = e.Type
	}
	if e.Detail != "" {
		s += ": " + e.Detail
	}
	if e.Instance != "" {
		s += " (" + e.Instance + ")"
	}
	return s
}

// value gives the error as data for expressions.
func (e *Error) value() map[string]any {
	m := map[string]any{"type": e.Type, "status": e.Status}
	for name, text := range map[string]string{"title": e.Title, "detail": e.Detail, "instance": e.Instance} {
		if text != "" {
			m[name] = text
		}
	}
	return m
}

// standard holds title and default status of each standard error.
var standard = map[string]struct {
	title  string
	status int
}{
	TypeConfiguration:  {"Configuration error", 400},
	TypeValidation:     {"Validation error", 400},
	TypeExpression:     {"Expression error", 400},
	TypeAuthentication: {"Authentication error", 401},
	TypeAuthorization:  {"Authorization error", 403},
	TypeTimeout:        {"Timeout", 408},
	TypeCommunication:  {"Communication error", 500},
	TypeRuntime:        {"Runtime error", 500},
}

func newError(kind, format string, args ...any) *Error {
	s := standard[kind]
	return &Error{Type: kind, Title: s.title, Status: s.status, Detail: fmt.Sprintf(format, args...)}
}

// received completes an error that came with an event; the one given stays as it is.
func received(e *Error, instance string) *Error {
	if e == nil {
		e = newError(TypeRuntime, "failed without saying why")
	}
	out := *e
	if out.Type == "" {
		out.Type = TypeRuntime
	}
	out.Type = canonicalString(out.Type)
	out.Title, out.Detail = canonicalString(out.Title), canonicalString(out.Detail)
	if s, ok := standard[out.Type]; ok && out.Title == "" {
		out.Title = s.title
	}
	if out.Status == 0 {
		out.Status = cmp.Or(standard[out.Type].status, 500)
	}
	out.Instance = instance
	return &out
}

// at gives the error with a place, unless it has one.
func (e *Error) at(instance string) *Error {
	if e.Instance != "" {
		return e
	}
	out := *e
	out.Instance = instance
	return &out
}
