package agent

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"gantry/transfer/agent/wire"
	"gantry/transfer/watch"
)

func (s *session) rootAlarm(route string, a watch.Alarm) {
	if a.Cleared {
		s.alarms.clear(route, "root", fmt.Sprintf("route %s: %s is back", route, a.Root))
		return
	}
	s.alarms.raise(route, "root", fmt.Sprintf("route %s: %s cannot be watched: %s", route, a.Root, a.Reason))
}

func (s *session) badRoute(name string, err error) {
	if err == nil {
		s.alarms.clear(name, "route", fmt.Sprintf("route %s runs", name))
		return
	}
	s.trace.note(err)
	s.alarms.raise(name, "route", fmt.Sprintf("route %s does not run: %v", name, err))
}

func (s *session) lostEvent(e wire.Event, reason error) {
	s.trace.note(reason)
	s.log.Error("the hub refuses an event; it is set aside, and sent again after a restart", "event", e.ID, "type", e.Type, "error", reason)
	if e.Type != wire.EventAlarm {
		s.alarms.raise(s.o.Name, "refused event", fmt.Sprintf("the hub refuses event %s (%s): %v", e.ID, e.Type, reason))
	}
}

// stuckOutbox tells that the hub does not take the oldest events. The alarm is offered to the hub ahead of them too,
// since it would wait behind them.
func (s *session) stuckOutbox(ctx context.Context, reason error) {
	s.trace.note(reason)
	s.log.Error("the hub refuses the oldest events again and again; they are kept and tried on, and all others wait behind them", "error", reason)
	e := s.alarmEvent(s.o.Name, fmt.Sprintf("agent %s: the hub refuses its events, and all wait: %s", s.o.Name, oneLine(reason.Error())), false)
	if err := s.keep.tell(e); err != nil {
		s.wrong(fmt.Errorf("keep an alarm: %w", err))
	}
	if err := s.hub.events(ctx, []wire.Event{e}); err != nil {
		s.log.Warn("the hub does not take the alarm about it either", "error", err)
	}
}

func (s *session) flowingOutbox() {
	_ = s.alarm(s.o.Name, fmt.Sprintf("agent %s: the hub takes its events again", s.o.Name), true)
}

// alarm puts one into the outbox.
func (s *session) alarm(subject, message string, cleared bool) error {
	s.log.Warn("alarm", "subject", subject, "message", message, "cleared", cleared)
	err := s.keep.tell(s.alarmEvent(subject, message, cleared))
	if err != nil {
		s.wrong(fmt.Errorf("keep an alarm: %w", err))
	}
	return err
}

func (s *session) alarmEvent(subject, message string, cleared bool) wire.Event {
	id := shortID(s.o.Site, s.o.Name, subject, message, strconv.FormatInt(s.o.Now().UnixNano(), 10))
	return s.event("alarm-"+id, wire.EventAlarm, wire.Alarm{Subject: subject, Message: message, Cleared: cleared})
}

func (s *session) event(id, kind string, data any) wire.Event {
	encoded, err := json.Marshal(data)
	if err != nil {
		encoded = []byte("null") // the wire's types all encode
	}
	return wire.Event{ID: id, Type: kind, Source: fmt.Sprintf("/sites/%s/agents/%s", s.o.Site, s.o.Name), Time: s.o.Now().UTC(), Data: encoded}
}
