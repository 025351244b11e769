package throttle

import (
	"fmt"
	"maps"
	"math"
	"strconv"
	"strings"

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
			Help:    "most bytes per second to and from the place, with a unit: B, K, M, G are powers of 1,024 bytes (10M is 10 MiB/s), kbit, Mbit, Gbit powers of 1,000 bits; two values are up:down; off or empty is no limit",
			Example: "10M",
		},
		{Name: OptionRequests, Help: "most requests per second; empty is no limit", Example: "20"},
	}
}

// Read gives the limits that the options say. option gives the value of one.
func Read(option func(name string) string) (l Limits, err error) {
	if l.Up, l.Down, err = ParseBandwidth(option(OptionBandwidth)); err != nil {
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

// ParseBandwidth reads "10M", "10M:1M" (up and down), "100Mbit" or "off", in bytes
// per second; zero is no limit.
func ParseBandwidth(text string) (up, down int64, err error) {
	first, second, two := strings.Cut(text, ":")
	if up, err = parseRate(first); err == nil && two {
		down, err = parseRate(second)
	} else if err == nil {
		down = up
	}
	if err != nil {
		return 0, 0, refused(OptionBandwidth, text, "write it like 10M (MiB/s), 100Mbit or 10M:1M (up and down), or off")
	}
	return up, down, nil
}

var units = []struct {
	suffix string
	bytes  float64
}{
	{"kbit", 1e3 / 8}, {"mbit", 1e6 / 8}, {"gbit", 1e9 / 8}, {"b", 1}, {"k", 1 << 10}, {"m", 1 << 20}, {"g", 1 << 30},
}

func parseRate(text string) (int64, error) {
	text = strings.ToLower(strings.TrimSpace(text))
	if text == "" || text == "off" {
		return 0, nil
	}
	for _, unit := range units {
		number, ok := strings.CutSuffix(text, unit.suffix)
		if !ok {
			continue
		}
		value, err := strconv.ParseFloat(number, 64)
		if bytes := value * unit.bytes; err == nil && bytes >= 1 && bytes < 1<<50 {
			return int64(bytes), nil
		}
		return 0, fmt.Errorf("%q is no rate", text)
	}
	return 0, fmt.Errorf("%q has no unit", text)
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
