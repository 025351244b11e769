package media

import (
	"errors"
	"strings"
)

// The kinds of errors. Empty, Unreadable, Unsupported and Limit are facts about the file: trying again
// cannot help, the clip needs rework. Stalled and Output may be worth one more attempt. Tool means that
// ffmpeg or its sandbox is at fault, and not the file.
var (
	ErrEmpty       = errors.New("the file is empty")
	ErrUnreadable  = errors.New("not a readable media file")
	ErrUnsupported = errors.New("not supported")
	ErrLimit       = errors.New("resource limit reached")
	ErrStalled     = errors.New("no progress")
	ErrOutput      = errors.New("the output is not right")
	ErrTool        = errors.New("media tool failed")
)

var kindNames = map[error]string{
	ErrEmpty: "empty", ErrUnreadable: "unreadable", ErrUnsupported: "unsupported", ErrLimit: "limit",
	ErrStalled: "stalled", ErrOutput: "output", ErrTool: "tool",
}

// Error is a failure with its kind, for [errors.Is], and what it means in plain words.
type Error struct {
	Kind    error
	Message string   // what happened and what to do
	Log     []string // the last lines that the tool said, at most [tailLines]
}

func (e *Error) Error() string { return e.Kind.Error() + ": " + e.Message }
func (e *Error) Unwrap() error { return e.Kind }

// KindOf names the kind of an error of this package: empty, unreadable, unsupported, limit, stalled,
// output, tool; or "" for others, such as a cancelled context.
func KindOf(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return kindNames[e.Kind]
	}
	return ""
}

func fail(kind error, message string, log ...string) error {
	return &Error{Kind: kind, Message: strings.TrimSpace(message), Log: log}
}
