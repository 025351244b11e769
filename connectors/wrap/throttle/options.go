package throttle

import (
	"fmt"
	"maps"
	"math"
	"strconv"

	"gantry/connectors"
)

// The names of the options.
const (
	OptionBandwidth = "bandwidth"
	OptionRequests  = "requests"
)

// Options declares the settings that every location may have.
func Options() []connectors.Option {
	return []connectors.Option{
		{
			Name:    OptionBandwidth,
			Help:    "most bytes per second to and from the place, with a unit: B, K, M, G are powers of 1,024 bytes (10M is 10 MiB/s), kbit, Mbit, Gbit powers of 1,000 bits; two values are up:down; off or empty is no limit, stop lets nothing move. Or a timetable of them by the local clock, with weekdays and a time zone if need be: 08:00,10M 19:00,off, or Mon-08:00,512k Sat-00:00,off Europe/Oslo",
			Example: "08:00,10M 19:00,off",
		},
		{Name: OptionRequests, Help: "most requests per second; empty is no limit", Example: "20"},
	}
}

// Read gives the limits that the options say. option gives the value of one.
func Read(option func(name string) string) (l Limits, err error) {
	if l.Bandwidth, err = ParseTimetable(option(OptionBandwidth)); err != nil {
		return Limits{}, err
	}
	text := option(OptionRequests)
	if text == "" || text == "off" {
		return l, nil
	}
	l.Requests, err = strconv.ParseFloat(text, 64)
	if err != nil || l.Requests <= 0 || math.IsInf(l.Requests, 0) || math.IsNaN(l.Requests) {
		return Limits{}, refused(OptionRequests, text, "write a number above zero, or off")
	}
	return l, nil
}

func refused(option, value, remedy string) error {
	return &connectors.Error{
		Kind: connectors.KindInvalid, Op: "read option", Path: option, Err: fmt.Errorf("%q is not understood", value), Remedy: remedy,
	}
}

// Without gives a location without these options, for a connector that does not
// know them.
func Without(l connectors.Location) connectors.Location {
	l.Options = maps.Clone(l.Options)
	delete(l.Options, OptionBandwidth)
	delete(l.Options, OptionRequests)
	return l
}
