package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// An outcome is what a scenario has shown.
type outcome struct {
	Scenario string              `json:"scenario"`
	Files    int                 `json:"files"`
	Bytes    int64               `json:"bytes"`
	Figures  map[string][]figure `json:"figures"` // by client, in the order of the rounds
	Order    []string            `json:"order"`
	LeftOut  map[string]string   `json:"leftOut,omitempty"` // who did not take part, and why
}

func (o *outcome) add(name string, f figure) {
	if o.Figures == nil {
		o.Figures = map[string][]figure{}
	}
	if o.Figures[name] == nil {
		o.Order = append(o.Order, name)
	}
	o.Figures[name] = append(o.Figures[name], f)
}

// A spread is the least, the middle and the greatest of some values.
type spread struct{ min, median, max float64 }

func spreadOf(values []float64) spread {
	if len(values) == 0 {
		return spread{}
	}
	v := slices.Sorted(slices.Values(values))
	middle := v[len(v)/2]
	if len(v)%2 == 0 {
		middle = (v[len(v)/2-1] + middle) / 2
	}
	return spread{v[0], middle, v[len(v)-1]}
}

func (s spread) text(format string) string {
	return fmt.Sprintf(format+" ("+format+"–"+format+")", s.median, s.min, s.max)
}

// table writes it as text that is also a table of Markdown. A ratio above 1 says
// that Gantry is so many times as fast, in the same round.
func (o *outcome) table() string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n### %s: %d × %s\n\n", o.Scenario, o.Files, size(o.Bytes/int64(max(1, o.Files))))
	t := tabwriter.NewWriter(&b, 0, 0, 1, ' ', 0)
	rate, cpu := "MiB/s", "CPU-s/GiB"
	if o.Files > 1 {
		rate, cpu = "files/s", "CPU µs/file"
	}
	sent := slices.ContainsFunc(o.Figures[us], func(f figure) bool { return f.Sent > 0 })
	served := slices.ContainsFunc(o.Figures[us], func(f figure) bool { return f.Server > 0 })
	extra, line := "", ""
	if served {
		extra, line = "server's\t| ", "---\t| "
	}
	if sent {
		extra, line = extra+"sent, of the size\t| ", line+"---\t| "
	}
	fmt.Fprintf(t, "| client\t| %s\t| %s\t| MiB resident\t| %sgantry is × as fast\t|\n", rate, cpu, extra)
	fmt.Fprintf(t, "| ---\t| ---\t| ---\t| ---\t| %s---\t|\n", line)
	for _, name := range o.Order {
		fmt.Fprintf(t, "| %s\t| %s\t| %s\t| %.0f\t| ", name, o.rate(name).text("%.0f"), o.cpu(name).text("%.2f"), o.resident(name))
		if served {
			fmt.Fprintf(t, "%s\t| ", o.each(name, func(f figure) time.Duration { return f.Server }).text("%.2f"))
		}
		if sent {
			fmt.Fprintf(t, "%s\t| ", o.of(name, func(f figure) float64 { return float64(f.Sent) / float64(o.Bytes) }).text("%.3f"))
		}
		if name == us {
			fmt.Fprint(t, "\t|\n")
			continue
		}
		fmt.Fprintf(t, "%s\t|\n", o.ratio(name).text("%.2f"))
	}
	_ = t.Flush()
	for _, name := range slices.Sorted(maps.Keys(o.LeftOut)) {
		fmt.Fprintf(&b, "\n%s: %s\n", name, o.LeftOut[name])
	}
	return b.String()
}

func (o *outcome) of(name string, value func(figure) float64) spread {
	var values []float64
	for _, f := range o.Figures[name] {
		values = append(values, value(f))
	}
	return spreadOf(values)
}

func (o *outcome) rate(name string) spread {
	return o.of(name, func(f figure) float64 {
		if o.Files > 1 {
			return float64(o.Files) / f.Wall.Seconds()
		}
		return float64(o.Bytes) / (1 << 20) / f.Wall.Seconds()
	})
}

func (o *outcome) cpu(name string) spread {
	return o.each(name, func(f figure) time.Duration { return f.CPU })
}

// each is a time a file or a GiB.
func (o *outcome) each(name string, value func(figure) time.Duration) spread {
	return o.of(name, func(f figure) float64 {
		if o.Files > 1 {
			return float64(value(f)/time.Microsecond) / float64(o.Files)
		}
		return value(f).Seconds() / (float64(o.Bytes) / (1 << 30))
	})
}

func (o *outcome) resident(name string) float64 {
	return o.of(name, func(f figure) float64 { return float64(f.RSS) / (1 << 20) }).max
}

// ratio compares runs of the same round.
func (o *outcome) ratio(name string) spread {
	var values []float64
	ours, theirs := o.Figures[us], o.Figures[name]
	for i := range min(len(ours), len(theirs)) {
		values = append(values, theirs[i].Wall.Seconds()/ours[i].Wall.Seconds())
	}
	return spreadOf(values)
}

func size(n int64) string {
	switch {
	case n >= 1<<30 && n%(1<<30) == 0:
		return fmt.Sprintf("%d GiB", n>>30)
	case n >= 1<<20:
		return fmt.Sprintf("%d MiB", n>>20)
	default:
		return fmt.Sprintf("%d KiB", n>>10)
	}
}
