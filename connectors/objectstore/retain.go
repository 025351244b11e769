package objectstore

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"gantry/connectors"
)

// A Retain is how long new objects are locked, from the moment that they are made.
type Retain struct {
	Mode        connectors.LockMode // "" = not at all
	Days, Years int
}

func (r Retain) until(now time.Time) time.Time { return now.AddDate(r.Years, 0, r.Days) }

// ParseRetain reads the option "retain": a mode and a number of days or years, as
// "compliance 30d" or "governance 7y". "" is none.
func ParseRetain(value string) (Retain, error) {
	if value == "" {
		return Retain{}, nil
	}
	mode, length, _ := strings.Cut(value, " ")
	r := Retain{Mode: connectors.LockMode(mode)}
	if r.Mode != connectors.Governance && r.Mode != connectors.Compliance {
		return Retain{}, badRetain()
	}
	count, days := strings.CutSuffix(length, "d")
	if !days {
		var years bool
		if count, years = strings.CutSuffix(length, "y"); !years {
			return Retain{}, badRetain()
		}
	}
	n, err := strconv.Atoi(count)
	if err != nil || n < 1 || n > 36500 || (!days && n > 100) {
		return Retain{}, badRetain()
	}
	if days {
		r.Days = n
	} else {
		r.Years = n
	}
	return r, nil
}

func badRetain() error {
	return invalidOption("retain", errors.New("it is no mode with a length"), "write governance or compliance and a length in days or years of at most 100 years: compliance 30d, governance 7y")
}
