package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"gantry/orchestrator/catalog"
	"gantry/orchestrator/flow"
	"gantry/orchestrator/function"
)

// printable shows control characters, which a name may hold, instead of sending
// them to the terminal.
func printable(s string) string {
	for _, r := range s {
		if r < ' ' || r == 0x7f || r == '\uFFFD' || (r >= 0x80 && r < 0xa0) {
			quoted := fmt.Sprintf("%q", s)
			return quoted[1 : len(quoted)-1]
		}
	}
	return s
}

func size(n int64) string { return humanize.IBytes(uint64(max(n, 0))) }

func rate(bytesPerSecond float64) string { return size(int64(bytesPerSecond)) + "/s" }

// age tells how long ago t was, as kubectl does.
func age(t, now time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return short(now.Sub(t))
}

// short prints a duration in one or two units.
func short(d time.Duration) string {
	switch d = max(d, 0); {
	case d < time.Second:
		return fmt.Sprintf("%dms", d.Milliseconds())
	case d < 10*time.Second:
		return fmt.Sprintf("%.1fs", d.Seconds())
	case d < 2*time.Minute:
		return fmt.Sprintf("%.0fs", d.Seconds())
	case d < 2*time.Hour:
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
	}
	return fmt.Sprintf("%dd", int(d.Hours()/24))
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// waits says in words what a run waits for.
func waits(r catalog.Run) string {
	var list []struct {
		Kind string    `json:"kind"`
		Name string    `json:"name"`
		Key  string    `json:"key"`
		Due  time.Time `json:"due"`
	}
	if json.Unmarshal(r.Waiting, &list) != nil || len(list) == 0 {
		return "-"
	}
	said := make([]string, len(list))
	for i, each := range list {
		said[i] = each.Kind + " " + cmp.Or(each.Name, each.Key)
		if !each.Due.IsZero() {
			said[i] += " due " + each.Due.UTC().Format(time.RFC3339)
		}
	}
	return strings.Join(said, ", ")
}

// about says in words what an event is about: a step, a workflow or a file, and what
// went wrong with it.
func about(e catalog.Event) string {
	var data struct {
		Name     string          `json:"name"`
		Function string          `json:"function"`
		Workflow string          `json:"workflow"`
		Path     string          `json:"path"`
		Message  string          `json:"message"`
		Detail   string          `json:"detail"`
		Error    json.RawMessage `json:"error"`
	}
	if json.Unmarshal(e.Data, &data) != nil {
		return ""
	}
	said := cmp.Or(data.Name, data.Workflow, data.Path, data.Message)
	if data.Function != "" && data.Function != data.Name {
		said += " (" + data.Function + ")"
	}
	if why := cmp.Or(fault(data.Error), data.Detail); why != "" {
		said += ": " + why
	}
	return said
}

// took is how long something has lasted.
func took(from, to time.Time) string {
	if from.IsZero() || to.IsZero() {
		return "-"
	}
	return short(to.Sub(from))
}

// cut shortens a text for a table.
func cut(s string, n int) string {
	if letters := []rune(s); len(letters) > n {
		return string(letters[:n-1]) + "…"
	}
	return s
}

// progressNote says how far a step is.
func progressNote(data json.RawMessage) string {
	var p function.Progress
	if json.Unmarshal(data, &p) != nil || p.Unit == "" {
		return ""
	}
	if p.Unit == "bytes" {
		return fmt.Sprintf("%s of %s", size(int64(p.Done)), size(int64(p.Total)))
	}
	text := fmt.Sprintf("%.1f", p.Done)
	if p.Total > 0 {
		text = fmt.Sprintf("%.0f%%, %.1f of %.1f", 100*min(p.Done/p.Total, 1), p.Done, p.Total)
	}
	text += " " + p.Unit
	if p.Rate > 0 {
		text += fmt.Sprintf(", %.1fx", p.Rate)
	}
	return text
}

// fault says what an error document of a workflow tells.
func fault(data json.RawMessage) string {
	if len(data) == 0 || string(data) == "null" {
		return ""
	}
	var text string
	if json.Unmarshal(data, &text) == nil {
		return text
	}
	var e flow.Error
	if json.Unmarshal(data, &e) != nil {
		return string(data)
	}
	return e.Error()
}

// count says how many of a thing there are.
func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// stamp writes a moment as people read it.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04:05.000 UTC")
}
