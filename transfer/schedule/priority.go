package schedule

import (
	"fmt"
	"slices"
	"strings"

	"gantry/connectors"
)

// A Priority says who goes first. The zero Priority is Normal.
type Priority int8

// The priorities.
const (
	Bulk   Priority = -1
	Normal Priority = 0
	High   Priority = 1
	Urgent Priority = 2
)

var names = []string{"bulk", "normal", "high", "urgent"}

// Priorities lists their names, the lowest first.
func Priorities() []string { return slices.Clone(names) }

// ParsePriority reads a name; "" is Normal. KindInvalid for others.
func ParsePriority(text string) (Priority, error) {
	if text == "" {
		return Normal, nil
	}
	if i := slices.Index(names, text); i >= 0 {
		return Priority(i) + Bulk, nil
	}
	return Normal, connectors.Errorf(connectors.KindInvalid, "read priority", text, "write one of %s", strings.Join(names, ", "))
}

func (p Priority) String() string {
	if p < Bulk || p > Urgent {
		return fmt.Sprintf("priority(%d)", int8(p))
	}
	return names[p-Bulk]
}

// MarshalText implements encoding.TextMarshaler.
func (p Priority) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (p *Priority) UnmarshalText(text []byte) (err error) {
	*p, err = ParsePriority(string(text))
	return err
}
