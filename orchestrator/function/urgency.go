package function

import (
	"time"

	"gantry/connectors"
	"gantry/transfer/agent/wire"
	"gantry/transfer/schedule"
)

// Urgency says how soon an order is wanted.
type Urgency struct {
	Priority string    `json:"priority,omitempty"` // bulk, normal, high or urgent
	Deadline time.Time `json:"deadline,omitzero"`  // when it must be done, as the air date: raises the priority in time
}

// press puts it into an order.
func (u Urgency) press(o *wire.Order) error {
	priority, err := schedule.ParsePriority(u.Priority)
	if err != nil {
		return connectors.Errorf(connectors.KindInvalid, "order", o.Kind, "priority: %w", err)
	}
	o.Priority, o.Deadline = priority, u.Deadline.UTC()
	return nil
}
