package main

import (
	"fmt"
	"time"
)

// parseDeadline reads a moment: RFC 3339, "2006-01-02 15:04" or "15:04" by this
// machine's clock (the next time that it is so late), or a duration from now. "off" is
// none, the zero Time.
//
// One that is over is a mistake: the wrong day is easily written.
func parseDeadline(text string, now time.Time) (time.Time, error) {
	if text == "off" {
		return time.Time{}, nil
	}
	at, err := readDeadline(text, now)
	if err == nil && !at.After(now) {
		return time.Time{}, fmt.Errorf("deadline is %q, which was %s ago: write one that is to come", text, short(now.Sub(at)))
	}
	return at, err
}

func readDeadline(text string, now time.Time) (time.Time, error) {
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at.UTC(), nil
	}
	if d, err := time.ParseDuration(text); err == nil && d > 0 {
		return now.Add(d).UTC().Truncate(time.Second), nil
	}
	for _, form := range []string{"2006-01-02 15:04", "2006-01-02T15:04", "2006-01-02 15:04:05"} {
		if at, err := time.ParseInLocation(form, text, now.Location()); err == nil {
			return at.UTC(), nil
		}
	}
	clock, err := time.Parse("15:04", text)
	if err != nil {
		return time.Time{}, fmt.Errorf("deadline is %q: write a time such as 20:15, \"2026-05-01 20:15\" or 2026-05-01T20:15:00+02:00, a duration such as 90m, or off", text)
	}
	at := time.Date(now.Year(), now.Month(), now.Day(), clock.Hour(), clock.Minute(), 0, 0, now.Location())
	if !at.After(now) {
		at = time.Date(now.Year(), now.Month(), now.Day()+1, clock.Hour(), clock.Minute(), 0, 0, now.Location())
	}
	return at.UTC(), nil
}
