package agent

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"gantry/transfer/agent/wire"
)

// mostEvents is how many events go into one batch.
const mostEvents = 100

// A letter is an event in the outbox, with its place there.
type letter struct {
	number uint64
	event  wire.Event
}

// outbox is what the sender needs of the journal.
type outbox interface {
	// letters gives the oldest ones, in order.
	letters(most int) ([]letter, error)
	// delivered takes letters out.
	delivered(done []letter) error
	// unwanted sets one aside that the hub will never take.
	unwanted(l letter, reason error) error
}

// stuckAfter is how often in a row the hub refuses a batch before a person is told.
const stuckAfter = 3

// sender brings events to the hub, in order and at least once. An event that the hub refuses for its form does not
// hold up those behind it. One that it refuses for another reason does, until the hub takes it: a person is told.
type sender struct {
	outbox outbox
	send   func(context.Context, []wire.Event) error
	lost   func(e wire.Event, reason error) // an event was set aside
	stuck  func(context.Context, error)     // the same events are refused again and again
	flows  func()                           // they are not any more
	bell   bell                             // something was put into the outbox
	back   bell                             // the hub is there again
	pauses *pauses
	log    *slog.Logger

	refused int // times in a row; only run's goroutine uses it
}

// run ends with ctx.
func (s *sender) run(ctx context.Context) {
	for ctx.Err() == nil {
		batch, err := s.outbox.letters(mostEvents)
		if err == nil && len(batch) == 0 {
			rest(ctx, time.Minute, s.bell)
			continue
		}
		if err == nil {
			err = s.deliver(ctx, batch)
			s.count(ctx, err)
		} else {
			s.log.Error("the outbox cannot be read", "error", err)
		}
		if err == nil {
			s.pauses.reset()
			continue
		}
		rest(ctx, s.pauses.next(), s.back)
	}
}

// count tells once when the outbox is stuck, and once when it is not any more.
func (s *sender) count(ctx context.Context, err error) {
	switch {
	case err == nil && s.refused >= stuckAfter:
		s.refused = 0
		s.flows()
	case err == nil:
		s.refused = 0
	case refusesAll(err):
		if s.refused++; s.refused == stuckAfter {
			s.stuck(ctx, err)
		}
	}
}

// deliver sends a batch, or what can be sent of it.
func (s *sender) deliver(ctx context.Context, batch []letter) error {
	events := make([]wire.Event, len(batch))
	for i, l := range batch {
		events[i] = l.event
	}
	sending, cancel := lingering(ctx)
	err := s.send(sending, events)
	cancel()
	switch {
	case err == nil:
		return s.conclude(s.outbox.delivered(batch))
	case !refusesForm(err):
		return err
	case len(batch) == 1:
		s.lost(batch[0].event, err)
		return s.conclude(s.outbox.unwanted(batch[0], err))
	}
	for i := range batch {
		if err := s.deliver(ctx, batch[i:i+1]); err != nil {
			return err
		}
	}
	return nil
}

func (s *sender) conclude(err error) error {
	if err != nil {
		s.log.Error("the outbox cannot be written; the hub will be told the same again, which does no harm", "error", err)
	}
	return err
}

// refusesForm tells whether the hub will give the same answer to the same text.
func refusesForm(err error) bool {
	return isStatus(err, http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity)
}

// refusesAll tells whether the hub answers, and will not take what it is given; not that it is away or busy.
func refusesAll(err error) bool {
	var s *statusError
	return errors.As(err, &s) && !isStatus(err, http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout)
}
