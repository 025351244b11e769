package agent

import (
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

// alarm puts one into the outbox.
func (s *session) alarm(subject, message string, cleared bool) error {
	s.log.Warn("alarm", "subject", subject, "message", message, "cleared", cleared)
	id := shortID(s.o.Site, s.o.Name, subject, message, strconv.FormatInt(s.o.Now().UnixNano(), 10))
	err := s.keep.tell(s.event("alarm-"+id, wire.EventAlarm, wire.Alarm{Subject: subject, Message: message, Cleared: cleared}))
	if err != nil {
		s.wrong(fmt.Errorf("keep an alarm: %w", err))
	}
	return err
}

func (s *session) event(id, kind string, data any) wire.Event {
	encoded, err := json.Marshal(data)
	if err != nil {
		encoded = []byte("null") // the wire's types all encode
	}
	return wire.Event{ID: id, Type: kind, Source: fmt.Sprintf("/sites/%s/agents/%s", s.o.Site, s.o.Name), Time: s.o.Now().UTC(), Data: encoded}
}
