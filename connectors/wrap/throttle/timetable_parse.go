package throttle

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"gantry/connectors"
)

// ParseTimetable reads a rate that always holds, "10M", "10M:1M" (up and down), "off"
// or "", or a timetable of them: "08:00,10M 19:00,off". Each entry holds until the
// next one; one with a weekday, "Sat-08:00,off", on that day alone. "off" is no limit,
// "stop" lets nothing move. A time zone may follow, "Europe/Oslo" or "UTC"; without
// one the machine's own holds. KindInvalid for anything else.
func ParseTimetable(text string) (Timetable, error) {
	t, err := parseTimetable(text)
	if err != nil {
		return Timetable{}, &connectors.Error{
			Kind: connectors.KindInvalid, Op: "read option", Path: OptionBandwidth, Err: fmt.Errorf("%q is not understood: %w", text, err),
			Remedy: `write a rate like 10M (MiB/s), 100Mbit, 10M:1M (up and down), off or stop, or a timetable of them like "08:00,10M 19:00,off" or "Mon-08:00,512k Sat-00:00,off Europe/Oslo"`,
		}
	}
	return t, nil
}

func parseTimetable(text string) (t Timetable, err error) {
	words := strings.Fields(text)
	if len(words) == 0 {
		return Timetable{}, nil
	}
	if len(words) == 1 && !strings.Contains(text, ",") {
		r, err := parseBoth(words[0])
		return Always(r), err
	}
	if last := words[len(words)-1]; !strings.Contains(last, ",") {
		if t.zone, err = zone(last); err != nil {
			return t, err
		}
		words = words[:len(words)-1]
	}
	if len(words) == 0 {
		return t, fmt.Errorf("it has a time zone and no entry")
	}
	seen := map[int]string{}
	for n, word := range words {
		minutes, r, err := parseEntry(word)
		if err != nil {
			return t, fmt.Errorf("entry %d, %q: %w", n+1, word, err)
		}
		for _, m := range minutes {
			if other, taken := seen[m]; taken {
				return t, fmt.Errorf("entry %d, %q: %q begins at the same time", n+1, word, other)
			}
			seen[m] = word
			t.rules = append(t.rules, rule{m, r})
		}
	}
	slices.SortFunc(t.rules, func(a, b rule) int { return a.minute - b.minute })
	return t, nil
}

// zone reads the name of a time zone. "Local" is what an absent one is.
func zone(name string) (*time.Location, error) {
	if name == "" || name == "Local" {
		return nil, fmt.Errorf("%q is no time zone", name)
	}
	z, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("%q is no entry (they have a comma) and no time zone", name)
	}
	return z, nil
}

// parseEntry reads "08:00,10M" or "Mon-08:00,10M".
func parseEntry(word string) (minutes []int, r Rate, err error) {
	when, what, ok := strings.Cut(word, ",")
	if !ok {
		return nil, r, fmt.Errorf("it has no comma")
	}
	weekday, clock, one := strings.Cut(when, "-")
	if !one {
		clock = when
	}
	minute, err := parseClock(clock)
	if err != nil {
		return nil, r, err
	}
	if r, err = parseBoth(what); err != nil {
		return nil, r, err
	}
	for d := time.Sunday; d <= time.Saturday; d++ {
		if !one || strings.EqualFold(weekday, d.String()[:3]) || strings.EqualFold(weekday, d.String()) {
			minutes = append(minutes, int(d)*day+minute)
		}
	}
	if len(minutes) == 0 {
		return nil, r, fmt.Errorf("%q is no day of the week", weekday)
	}
	return minutes, r, nil
}

// parseClock reads "08:00".
func parseClock(text string) (minute int, err error) {
	h, m, ok := strings.Cut(text, ":")
	hours, err1 := strconv.ParseUint(h, 10, 8)
	minutes, err2 := strconv.ParseUint(m, 10, 8)
	if !ok || err1 != nil || err2 != nil || hours > 23 || minutes > 59 || len(m) != 2 || len(h) > 2 {
		return 0, fmt.Errorf("%q is no time of the day from 00:00 to 23:59", text)
	}
	return int(hours*60 + minutes), nil
}

// parseBoth reads "10M" or "10M:1M".
func parseBoth(text string) (r Rate, err error) {
	first, second, two := strings.Cut(text, ":")
	if r.Up, err = parseRate(first); err != nil {
		return Rate{}, err
	}
	if r.Down = r.Up; two {
		r.Down, err = parseRate(second)
	}
	return r, err
}
