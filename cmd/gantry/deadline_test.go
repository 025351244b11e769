package main

import (
	"testing"
	"time"
)

func TestDeadlinesAsPeopleWriteThem(t *testing.T) {
	zone := time.FixedZone("CEST", 2*3600)
	now := time.Date(2026, 5, 1, 18, 30, 0, 0, zone)
	for text, want := range map[string]string{
		"off":                       "0001-01-01T00:00:00Z",
		"20:15":                     "2026-05-01T18:15:00Z",
		"18:30":                     "2026-05-02T16:30:00Z", // tomorrow
		"06:00":                     "2026-05-02T04:00:00Z",
		"90m":                       "2026-05-01T18:00:00Z",
		"2026-05-03 20:15":          "2026-05-03T18:15:00Z",
		"2026-05-03T20:15:00Z":      "2026-05-03T20:15:00Z",
		"2026-05-03T20:15:00+02:00": "2026-05-03T18:15:00Z",
		"tomorrow":                  "",
		"-5m":                       "",
		"":                          "",
		"25:00":                     "",
	} {
		at, err := parseDeadline(text, now)
		if got := at.Format(time.RFC3339); want == "" && err == nil || want != "" && (err != nil || got != want) {
			t.Errorf("%q is %s, %v, not %s", text, got, err, want)
		}
	}
}
