package main

import (
	"cmp"
	"errors"
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"gantry/transfer"
	"gantry/transfer/growing"
	"gantry/transfer/watch"
)

// growth is how a file is copied that is still written.
type growth struct {
	on             bool
	verify         string
	idle, silence  time.Duration
	sidecar, final string
	reveal         string
}

func (g *growth) flags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.BoolVar(&g.on, "growing", false, "the file is still written: send it as it grows, and mend at its end what has changed")
	flags.StringVar(&g.verify, "growing-verify", "full", "what is read again at the end: full, or edges: the parts at both ends, and those that an MXF file names; the receipt then has no digest but crc64nvme")
	flags.DurationVar(&g.idle, "growing-idle", 10*time.Second, "without a change for so long, and with nobody who has it open, the file is finished")
	flags.StringVar(&g.sidecar, "growing-done", "", "file that comes beside it when it is finished, as a name or a path; then nothing else ends it")
	flags.StringVar(&g.final, "growing-final", "", "name or path that the file gets when it is finished, in the same folder, and whose name its copy has; by default that without .part, .partial, .tmp or .temp")
	flags.DurationVar(&g.silence, "growing-silence", 10*time.Minute, "without a change and an end for so long it is an error")
	flags.StringVar(&g.reveal, "growing-reveal", "", "path in DST's place under which others may read what has arrived so far; folders and SFTP only")
	_ = cmd.RegisterFlagCompletionFunc("growing-verify", cobra.FixedCompletions([]string{"full", string(transfer.GrowthEdges)}, cobra.ShellCompDirectiveNoFileComp))
}

func (g *growth) check(cmd *cobra.Command) error {
	if !g.on {
		for _, name := range []string{"growing-verify", "growing-idle", "growing-done", "growing-final", "growing-silence", "growing-reveal"} {
			if cmd.Flags().Changed(name) {
				return coded(exitUsage, fmt.Errorf("%s is given, and --growing is not", name))
			}
		}
		return nil
	}
	if g.verify != "full" && g.verify != string(transfer.GrowthEdges) {
		return coded(exitUsage, fmt.Errorf("growing-verify is %q: write full or edges", g.verify))
	}
	if g.idle <= 0 || g.silence <= 0 {
		return coded(exitUsage, errors.New("growing-idle and growing-silence are times above zero: write them like 10s"))
	}
	return nil
}

// beside makes what was typed for a flag the name of a file in the folder of the source:
// it may be a name, or a path or URL that leads there.
func (c *copier) beside(flag, typed string) (name string, err error) {
	if !strings.Contains(typed, "/") {
		return typed, nil
	}
	l, p, err := c.app.find(typed, c.srcOptions...)
	if err != nil || l.URL != c.from.location.URL || path.Dir(p) != path.Dir(c.from.path) || path.Base(p) == "." {
		return "", coded(exitUsage, fmt.Errorf("%s is %q, which is not beside %s: write the name of a file in the same folder", flag, typed, c.from.typed))
	}
	return path.Base(p), nil
}

// temporary are the endings of names that are given up when a file is finished.
var temporary = []string{".part", ".partial", ".tmp", ".temp"}

// finalName is what the file is called once it is finished, "" if that stays.
func (g *growth) finalName(source string) string {
	if !g.on || g.final != "" {
		return g.final
	}
	name := path.Base(source)
	for _, ending := range temporary {
		if stem, ok := strings.CutSuffix(name, ending); ok && stem != "" {
			return stem
		}
	}
	return ""
}

// only sees to it that there is one file, and gives its copy the final name.
func (g *growth) only(c *copier, pairs []pair) error {
	switch {
	case !g.on:
		return nil
	case len(pairs) != 1 || pairs[0].Source != c.from.path:
		return coded(exitUsage, errors.New("--growing copies one file: name it, or take in the folder by a route"))
	case c.move != transfer.Keep:
		return coded(exitUsage, errors.New("a growing file is copied, and not moved: delete it once it is copied"))
	case c.hop.on:
		return coded(exitUsage, errors.New("a growing file cannot be put into a history yet: take the manifest once it is copied"))
	}
	var err error
	if g.sidecar, err = c.beside("growing-done", g.sidecar); err != nil {
		return err
	}
	if g.final, err = c.beside("growing-final", g.final); err != nil {
		return err
	}
	p := &pairs[0]
	if final := g.finalName(p.Source); final != "" && path.Base(p.Destination) == path.Base(p.Source) {
		p.Destination = path.Join(path.Dir(p.Destination), final)
	}
	return nil
}

// follow has the job follow the file.
func (g *growth) follow(c *copier, job *transfer.Job) {
	if !g.on {
		return
	}
	beside := func(name string) string {
		if name == "" {
			return ""
		}
		return path.Join(path.Dir(job.Source.Path), name)
	}
	job.Source.Seen = nil
	job.Growth = growing.Follow(growing.Options{
		Place: c.from.Place, Path: job.Source.Path, Final: beside(g.finalName(job.Source.Path)), Sidecar: beside(g.sidecar),
		Idle: g.idle, Silence: g.silence, Writer: watch.Writer,
	})
	if g.verify == string(transfer.GrowthEdges) {
		job.GrowthVerify = transfer.GrowthEdges
	}
	job.Destinations[0].Reveal = cmp.Or(g.reveal, job.Destinations[0].Reveal)
}
