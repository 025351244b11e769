package throttle

import (
	"fmt"
	"strconv"
	"strings"
)

var units = []struct {
	suffix string
	bytes  float64
}{
	{"kbit", 1e3 / 8}, {"mbit", 1e6 / 8}, {"gbit", 1e9 / 8}, {"b", 1}, {"k", 1 << 10}, {"m", 1 << 20}, {"g", 1 << 30},
}

// parseRate reads "10M", "100Mbit", "off" or "stop".
func parseRate(typed string) (int64, error) {
	typed = strings.TrimSpace(typed)
	text := strings.TrimSuffix(strings.ToLower(typed), "/s")
	switch text {
	case "", "off":
		return 0, nil
	case "stop":
		return Stop, nil
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
		if number = strings.TrimSuffix(strings.ToUpper(number), "I"); unit.suffix == "b" && strings.ContainsAny(number, "KMG") {
			return 0, fmt.Errorf("%q is no rate: write %s for bytes, or %sbit for bits", typed, number, number)
		}
		return 0, fmt.Errorf("%q is no rate", typed)
	}
	return 0, fmt.Errorf("%q has no unit", typed)
}

// String writes the rate as it is read.
func (r Rate) String() string {
	if r.Up == r.Down {
		return rateText(r.Up)
	}
	return rateText(r.Up) + ":" + rateText(r.Down)
}

func rateText(bytes int64) string {
	switch {
	case bytes == Stop:
		return "stop"
	case bytes == 0:
		return "off"
	}
	for _, unit := range []struct {
		bytes  int64
		suffix string
	}{{1 << 30, "G"}, {1 << 20, "M"}, {1 << 10, "k"}} {
		if bytes%unit.bytes == 0 {
			return strconv.FormatInt(bytes/unit.bytes, 10) + unit.suffix
		}
	}
	return strconv.FormatInt(bytes, 10) + "B"
}
