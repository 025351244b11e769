package retry

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gantry/connectors"
	"gantry/connectors/wrap"
)

// A series is the tries of one call, or of what a stream or a listing could not
// go on with.
type series struct {
	r        *retrier
	call     wrap.Call
	failures int
	since    time.Time // of the first failure
}

func (r *retrier) begin(c wrap.Call) *series { return &series{r: r, call: c} }

// progress starts the series anew: something was achieved.
func (s *series) progress() {
	if s.failures > 0 {
		s.failures = 0
		s.r.o.Budget.earn()
	}
}

// pause waits before the next try. It returns an error if there is to be none:
// the one that it was given, or one that says why nobody tries again.
func (s *series) pause(ctx context.Context, err error) error {
	if ctx.Err() != nil || !worth(err) {
		return err
	}
	now := s.r.o.Now()
	if s.failures == 0 {
		s.since = now
	}
	s.failures++
	pause := s.length(err)
	switch {
	case s.failures >= s.r.o.Tries:
		return s.enough(err, "gave up after %d tries", s.failures)
	case now.Add(pause).Sub(s.since) > s.r.o.Time:
		return s.enough(err, "gave up after %v", now.Sub(s.since).Round(time.Millisecond))
	case !s.r.o.Budget.spend():
		return s.enough(err, "not tried again: too many calls to this place fail")
	}
	if s.r.o.Note != nil {
		s.r.o.Note(s.call, err, pause)
	}
	if ended := s.r.o.Sleep(ctx, pause); ended != nil {
		return connectors.Errorf(connectors.KindOf(ended), string(s.call.Op), s.call.Path, "%w, while waiting after: %w", ended, err)
	}
	return nil
}

// length is what the place asks for, or twice the pause before, with at most half
// of it by chance.
func (s *series) length(err error) time.Duration {
	pause := s.r.o.Most
	if doublings := s.failures - 1; doublings < 32 {
		pause = min(s.r.o.First<<doublings, s.r.o.Most)
	}
	pause = pause/2 + time.Duration(s.r.o.Jitter()*float64(pause/2))
	var e *connectors.Error
	if errors.As(err, &e) {
		pause = max(pause, e.After)
	}
	return pause
}

// enough keeps the kind, and all that the error says.
func (s *series) enough(err error, format string, args ...any) error {
	return fmt.Errorf(format+": %w", append(args, err)...)
}
