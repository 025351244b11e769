package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"gantry/connectors"
	"gantry/connectors/all"
	"gantry/connectors/probe"
)

func probeCommand(a *app) *cobra.Command {
	var (
		options []string
		quick   bool
		mib     int64
	)
	cmd := &cobra.Command{
		Use: "probe PLACE", Short: "Finds out what a place can do, by trying it",
		Long: `Finds out what a place can do: what server it is, what works, what it does otherwise than one expects,
how far its clock is off, the strongest proof of integrity, the safest way for a file to become visible,
and how fast it is with large and small files, several at once.

PLACE is a folder: a URL, a path, or LOCATION: with a location of the data folder. Everything is tried in a
folder of its own, .gantry-probe-…, which is removed at the end. With -o yaml the profile is printed as a
Location carries it, under profile: in its spec.`,
		Example: `  gantry probe ftpes://me@ftp.example.com/incoming --option password=env:FTP_PASSWORD
  gantry probe archive: -o yaml`,
		Args: cobra.ExactArgs(1), ValidArgsFunction: a.completePlaces(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if mib < 1 || mib > 256 {
				return coded(exitUsage, fmt.Errorf("size is %d: write 1 to 256 MiB", mib))
			}
			o, err := a.probeOptions(args[0], options)
			if err != nil {
				return err
			}
			o.Speed, o.FileSize, o.Step = !quick, mib<<20, stepper(cmd.ErrOrStderr())
			profile, err := probe.Run(cmd.Context(), o)
			o.Step("")
			if cmd.Context().Err() != nil {
				return fmt.Errorf("stopped, and cleaned up: %w", err)
			}
			if len(profile.Can) > 0 {
				if printed := a.print(cmd.OutOrStdout(), profile, func(w io.Writer) error { return profileTable(w, profile) }); err == nil {
					err = printed
				}
				if err == nil && !strings.HasPrefix(profile.Can["list"], "yes") && !strings.HasPrefix(profile.Can["write"], "yes") {
					err = coded(exitFailed, fmt.Errorf("neither listing nor writing works at %s: check the path and the rights", printable(redacted(args[0]))))
				}
			}
			return err
		},
	}
	optionFlag(cmd, &options, "option", "option of the place, NAME=VALUE; `gantry connectors` lists them")
	cmd.Flags().BoolVar(&quick, "quick", false, "do not measure the throughput")
	cmd.Flags().Int64Var(&mib, "size", 64, "size of the large file of the measurement, in MiB")
	return cmd
}

// probeOptions names the place. Its root is not made: a place that is not there is
// a finding.
func (a *app) probeOptions(typed string, options []string) (probe.Options, error) {
	l, _, err := a.find(asFolder(typed), options...)
	if err != nil {
		return probe.Options{}, err
	}
	c, err := all.For(l)
	if err != nil {
		return probe.Options{}, err
	}
	l.Profile = nil // what was found out once shall not colour what is found now
	if _, given := l.Options["create"]; !given && slices.ContainsFunc(c.Options, func(o connectors.Option) bool { return o.Name == "create" }) {
		if l, err = withOptions(l, []string{"create=false"}); err != nil {
			return probe.Options{}, err
		}
	}
	open := func(ctx context.Context) (connectors.Place, error) { return all.Open(ctx, l) }
	return probe.Options{Connector: c.Name, Open: open}, nil
}

// stepper says on a terminal what goes on; "" clears the line.
func stepper(w io.Writer) func(string) {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return func(string) {}
	}
	return func(what string) {
		if what != "" {
			what += " …"
		}
		fmt.Fprintf(w, "\r\x1b[K%s", what)
	}
}

func profileTable(w io.Writer, p connectors.Profile) error {
	fmt.Fprintf(w, "Connector   %s\nSoftware    %s\nProof       %s\nCommit      %s\nClock       %s\n",
		p.Connector, printable(orDash(p.Software)), orDash(p.Proof), orDash(p.Commit), skew(p))
	if p.Can["list"] == "yes" && p.Can["write"] != "yes" {
		fmt.Fprintln(w, "Access      read only: we may not write here")
	}
	if p.Parallel > 0 {
		fmt.Fprintf(w, "Parallel    %d\n", p.Parallel)
	}
	if len(p.Features) > 0 {
		fmt.Fprintf(w, "Features    %s\n", printable(strings.Join(p.Features, ", ")))
	}
	for _, name := range slices.Sorted(maps.Keys(p.Options)) {
		fmt.Fprintf(w, "Option      %s=%s\n", name, printable(p.Options[name]))
	}
	fmt.Fprintln(w)
	rows := make([][]string, 0, len(p.Can))
	for _, what := range slices.Sorted(maps.Keys(p.Can)) {
		rows = append(rows, []string{what, p.Can[what]})
	}
	if err := columns(w, "CAN ANSWER", rows); err != nil {
		return err
	}
	if len(p.Quirks) > 0 {
		rows = rows[:0]
		for _, q := range p.Quirks {
			rows = append(rows, []string{q.Name, q.Meaning})
		}
		fmt.Fprintln(w)
		if err := columns(w, "QUIRK MEANING", rows); err != nil {
			return err
		}
	}
	if len(p.Throughput) == 0 {
		return nil
	}
	rows = rows[:0]
	for _, t := range p.Throughput {
		rows = append(rows, []string{
			t.Direction, fmt.Sprintf("%d × %s", t.Files, size(t.FileSize)), fmt.Sprint(t.Parallel), rate(t.Bytes), fmt.Sprintf("%.0f/s", t.Rate),
		})
	}
	fmt.Fprintln(w)
	return columns(w, "DIRECTION FILES AT-ONCE BYTES FILES", rows)
}

func skew(p connectors.Profile) string {
	d := time.Duration(p.ClockSkew * float64(time.Second))
	switch {
	case d == 0 && p.Can["tell the time"] != "yes":
		return "not compared"
	case d == 0:
		return "agrees with ours"
	case d > 0:
		return short(d) + " ahead of ours"
	default:
		return short(-d) + " behind ours"
	}
}
