package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"

	"gantry/connectors"
)

// A noteHandler makes short lines for people of what the engine warns of, where a bar
// is shown. Whoever asks for more with --log-level debug gets the log itself.
type noteHandler struct {
	note  func(string)
	level slog.Level
	attrs []slog.Attr
	said  *said
}

// said is what was said already: what is tried again and again fails in the same way, and
// the progress tells of it.
type said struct {
	mu   sync.Mutex
	what map[string]bool
}

// mostSaid bounds what is remembered.
const mostSaid = 10_000

// before tells whether a text was said before, and remembers it.
func (s *said) before(text string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	known := s.what[text]
	if len(s.what) < mostSaid {
		s.what[text] = true
	}
	return known
}

// noteLogger gives warnings to a display.
func (a *app) noteLogger(d display) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(a.settings.LogLevel)) // checked by settings.load
	if level < slog.LevelInfo {
		return a.logger()
	}
	return slog.New(&noteHandler{note: d.note, level: max(level, slog.LevelWarn), said: &said{what: map[string]bool{}}})
}

// Enabled implements slog.Handler.
func (h *noteHandler) Enabled(_ context.Context, l slog.Level) bool { return l >= h.level }

// WithAttrs implements slog.Handler.
func (h *noteHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	with := *h
	with.attrs = append(append([]slog.Attr{}, h.attrs...), attrs...)
	return &with
}

// WithGroup implements slog.Handler. The engine makes no groups.
func (h *noteHandler) WithGroup(string) slog.Handler { return h }

// Handle implements slog.Handler: "PATH: message in 2.0s: why".
func (h *noteHandler) Handle(_ context.Context, r slog.Record) error {
	var path, why, when string
	var more []string
	again := false
	take := func(a slog.Attr) bool {
		switch value := a.Value.Resolve(); a.Key {
		case "path":
			path = printable(value.String()) + ": "
		case "error", "reason":
			why = ": " + oneLine(shortly(value))
		case "pause":
			again = true
			when = fmt.Sprintf(" in %v", value)
			if value.Kind() == slog.KindDuration {
				when = " in " + short(value.Duration())
			}
		case "job", "location": // the path says it
		default:
			more = append(more, fmt.Sprintf("%s %v", a.Key, value))
		}
		return true
	}
	for _, a := range h.attrs {
		take(a)
	}
	r.Attrs(take)
	text := strings.ToLower(r.Level.String())
	if r.Level == slog.LevelWarn {
		text = "warning"
	}
	if again && h.said.before(text+path+r.Message+why) {
		return nil
	}
	text += ": " + path + r.Message + when + why
	if len(more) > 0 {
		text += " (" + strings.Join(more, ", ") + ")"
	}
	h.note(text)
	return nil
}

// shortly is an error without what was tried where, which stands beside it.
func shortly(v slog.Value) string {
	err, ok := v.Any().(error)
	if !ok {
		return v.String()
	}
	var e *connectors.Error
	for errors.As(err, &e) && e.Err != nil {
		err = e.Err
	}
	return cause(err).Error()
}

// oneLine is a text without line breaks.
func oneLine(text string) string { return printable(strings.Join(strings.Fields(text), " ")) }
