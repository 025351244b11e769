package growing

import (
	"fmt"
	"testing"
	"time"

	"gantry/connectors"
)

var start = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

// look is a sighting of a file of so many bytes, so long after the start.
type look struct {
	at       time.Duration
	size     int64 // below zero = it is not there
	writer   bool
	told     bool
	sidecar  bool
	signal   bool
	identity string
	path     string
	away     bool // its folder is not there either
	rested   time.Duration
}

func (l look) sighting() sighting {
	if l.size < 0 {
		return sighting{away: l.away}
	}
	path := l.path
	if path == "" {
		path = "take"
	}
	return sighting{
		path: path, entry: connectors.Entry{Size: l.size}, identity: l.identity, writer: l.writer, told: l.told, sidecar: l.sidecar, signal: l.signal, rested: l.rested,
	}
}

func TestJudgement(t *testing.T) {
	const s = time.Second
	normal := rules{path: "take", final: "take.mxf", idle: 10 * s, silence: 60 * s, missing: s}
	beside := normal
	beside.sidecar = true
	for name, c := range map[string]struct {
		rules rules
		looks []look
		want  string // of the last look; all before it say that the file is still written
	}{
		"it grows":                          {normal, []look{{at: 0, size: 1}, {at: 9 * s, size: 2}, {at: 18 * s, size: 3}}, "3 bytes"},
		"it rests":                          {normal, []look{{at: 0, size: 1}, {at: 9 * s, size: 1}, {at: 10 * s, size: 1}}, "1 bytes, idle"},
		"it rests, and is open":             {normal, []look{{at: 0, size: 1, writer: true, told: true}, {at: 59 * s, size: 1, writer: true, told: true}}, "1 bytes"},
		"its writer has left":               {normal, []look{{at: 0, size: 1, writer: true, told: true}, {at: s, size: 2, told: true}, {at: 2 * s, size: 2, told: true}}, "2 bytes, closed"},
		"its writer comes back":             {normal, []look{{at: 0, size: 1, writer: true, told: true}, {at: s, size: 2, told: true}, {at: s + s/4, size: 2, told: true, writer: true}, {at: 9 * s, size: 2, told: true, writer: true}}, "2 bytes"},
		"no writer was ever seen":           {normal, []look{{at: 0, size: 1, told: true}, {at: 9 * s, size: 1, told: true}}, "1 bytes"},
		"a sidecar":                         {beside, []look{{at: 0, size: 1}, {at: s, size: 2, sidecar: true}, {at: s + 1, size: 2, sidecar: true}}, "2 bytes, sidecar"},
		"only the sidecar counts":           {beside, []look{{at: 0, size: 1, writer: true, told: true}, {at: 30 * s, size: 1, told: true}, {at: 59 * s, size: 1, told: true}}, "1 bytes"},
		"somebody says so":                  {beside, []look{{at: 0, size: 1, writer: true, told: true}, {at: 1, size: 1, writer: true, told: true, signal: true}}, "1 bytes, signal"},
		"it gets its name":                  {normal, []look{{at: 0, size: 1}, {at: 1, size: 2, path: "take.mxf"}}, "2 bytes, renamed"},
		"it shrinks":                        {normal, []look{{at: 0, size: 2}, {at: 1, size: 1}}, "changed meanwhile"},
		"another one":                       {normal, []look{{at: 0, size: 2, identity: "1"}, {at: 1, size: 3, identity: "2"}}, "changed meanwhile"},
		"nobody knows its identity":         {normal, []look{{at: 0, size: 2, identity: "1"}, {at: 1, size: 3}}, "3 bytes"},
		"it was never there":                {normal, []look{{at: 0, size: -1}}, "not found"},
		"it is deleted":                     {normal, []look{{at: 0, size: 2}, {at: s, size: -1}, {at: s + s/2, size: -1}, {at: 2 * s, size: -1}}, "not found"},
		"it is away for a moment":           {normal, []look{{at: 0, size: 2}, {at: s, size: -1}, {at: s + s/2, size: -1}, {at: s + s*3/4, size: -1}, {at: 2 * s, size: 2}}, "2 bytes"},
		"it was closed long ago":            {normal, []look{{at: 0, size: 1, told: true, rested: 11 * s}}, "1 bytes, idle"},
		"it was closed a while ago":         {normal, []look{{at: 0, size: 1, told: true, rested: 6 * s}, {at: 3 * s, size: 1, told: true}, {at: 4 * s, size: 1, told: true}}, "1 bytes, idle"},
		"nobody can tell who has it open":   {normal, []look{{at: 0, size: 1, rested: time.Hour}, {at: 9 * s, size: 1}}, "1 bytes"},
		"it has rested, and is open":        {normal, []look{{at: 0, size: 1, told: true, writer: true, rested: time.Hour}, {at: 9 * s, size: 1, told: true, writer: true}}, "1 bytes"},
		"it has rested without its sidecar": {beside, []look{{at: 0, size: 1, told: true, rested: time.Hour}, {at: 9 * s, size: 1, told: true}}, "1 bytes"},
		"its folder is away":                {normal, []look{{at: 0, size: 2}, {at: s, size: -1, away: true}, {at: 40 * s, size: -1, away: true}}, "unavailable"},
		"its folder comes back":             {normal, []look{{at: 0, size: 2}, {at: s, size: -1}, {at: 2 * s, size: -1, away: true}, {at: 50 * s, size: -1}, {at: 50*s + s/2, size: 2}}, "2 bytes"},
		"it is deleted once that is back":   {normal, []look{{at: 0, size: 2}, {at: s, size: -1, away: true}, {at: 50 * s, size: -1}, {at: 51 * s, size: -1}, {at: 52 * s, size: -1}}, "not found"},
		"it never ends":                     {normal, []look{{at: 0, size: 1, writer: true, told: true}, {at: 60 * s, size: 1, writer: true, told: true}}, "timed out"},
		"its sidecar never comes":           {beside, []look{{at: 0, size: 1}, {at: 60 * s, size: 1}}, "timed out"},
		"a clock that jumps back is no end": {normal, []look{{at: 0, size: 1}, {at: -100 * s, size: 1}}, "1 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			j := judge{rules: c.rules}
			for i, l := range c.looks {
				state, err := j.see(l.sighting(), start.Add(l.at))
				got := fmt.Sprintf("%d bytes", state.Size)
				if state.Closed != "" {
					got += ", " + string(state.Closed)
				}
				if err != nil {
					got = string(connectors.KindOf(err))
				}
				if last := i == len(c.looks)-1; last && got != c.want || !last && (err != nil && !l.away || state.Closed != "") {
					t.Fatalf("look %d: %s (%v), want %s", i, got, err, c.want)
				}
			}
		})
	}
}
