package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"gantry/connectors"
)

// A look is everything that a place tells of one file.
type look struct {
	connectors.Entry
	Tier     *connectors.Tier         `json:"tier,omitempty"`
	Lock     *connectors.Lock         `json:"lock,omitempty"`
	Tags     map[string]string        `json:"tags,omitempty"`
	Versions []connectors.FileVersion `json:"versions,omitempty"`
}

func statCommand(a *app) *cobra.Command {
	var options []string
	cmd := &cobra.Command{
		Use: "stat FILE", Short: "Shows everything that a place tells of one file",
		Long: "Shows everything that a place tells of one file: size, time, its own digests, and where it keeps them tier,\nlock, tags and versions.",
		Example: `  gantry stat archive:2026/final.mxf
  gantry stat s3://bucket/final.mxf -o json`,
		Args: cobra.ExactArgs(1), ValidArgsFunction: a.completePlaces(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := a.open(cmd.Context(), args[0], options...)
			if err != nil {
				return err
			}
			defer s.Close()
			if s.path == "" {
				return coded(exitUsage, fmt.Errorf("%s is a folder: name a file, or list it with gantry ls", printable(s.typed)))
			}
			seen, err := s.look(cmd.Context())
			if seen.Path != "" { // the rest may have failed
				err = errors.Join(a.print(cmd.OutOrStdout(), seen, seen.table), err)
			}
			return err
		},
	}
	optionFlag(cmd, &options, "option", "option of the place, NAME=VALUE; `gantry connectors` lists them")
	return cmd
}

func (s *spot) look(ctx context.Context) (seen look, err error) {
	if seen.Entry, err = s.patient.Stat(ctx, s.path); err != nil {
		return seen, err
	}
	var errs []error
	if tierer, ok := connectors.As[connectors.Tierer](s.patient); ok {
		tier, err := tierer.Tier(ctx, s.path)
		seen.Tier = &tier
		errs = append(errs, unlessUntold(err, func() { seen.Tier = nil }))
	}
	if locker, ok := connectors.As[connectors.Locker](s.patient); ok {
		lock, err := locker.Lock(ctx, s.path)
		seen.Lock = &lock
		errs = append(errs, unlessUntold(err, func() { seen.Lock = nil }))
	}
	if tagger, ok := connectors.As[connectors.Tagger](s.patient); ok {
		seen.Tags, err = tagger.Tags(ctx, s.path)
		errs = append(errs, unlessUntold(err, func() {}))
	}
	if versioner, ok := connectors.As[connectors.Versioner](s.patient); ok {
		for v, err := range versioner.Versions(ctx, s.path) {
			if err != nil {
				errs = append(errs, unlessUntold(err, func() {}))
				break
			}
			if len(seen.Versions) == mostVersions {
				break
			}
			seen.Versions = append(seen.Versions, v)
		}
	}
	return seen, errors.Join(errs...)
}

// mostVersions are shown of one file.
const mostVersions = 1000

// unlessUntold passes over what the place does not have or may not tell us.
func unlessUntold(err error, drop func()) error {
	switch connectors.KindOf(err) {
	case "":
		return nil
	case connectors.KindUnsupported, connectors.KindPermission, connectors.KindNotFound:
		drop()
		return nil
	default:
		return err
	}
}

func (l look) table(w io.Writer) error {
	fmt.Fprintf(w, "Path        %s\nSize        %d bytes (%s)\nModified    %s\n", printable(l.Path), l.Size, size(l.Size), stamp(l.ModTime))
	if l.Version != "" {
		fmt.Fprintf(w, "Version     %s\n", printable(l.Version))
	}
	for _, algorithm := range slices.Sorted(maps.Keys(l.Digests)) {
		fmt.Fprintf(w, "%-11s %s\n", algorithm, l.Digests[algorithm])
	}
	if l.Tier != nil {
		fmt.Fprintf(w, "Tier        %s, %s\n", orDash(l.Tier.Class), l.Tier.State)
		if !l.Tier.Expires.IsZero() {
			fmt.Fprintf(w, "Readable    until %s\n", stamp(l.Tier.Expires))
		}
	}
	if l.Lock != nil && l.Lock.Mode != "" {
		fmt.Fprintf(w, "Retention   %s until %s\n", l.Lock.Mode, stamp(l.Lock.Until))
	}
	if l.Lock != nil && l.Lock.Hold {
		fmt.Fprintln(w, "Hold        yes")
	}
	for _, name := range slices.Sorted(maps.Keys(l.Tags)) {
		fmt.Fprintf(w, "Tag         %s=%s\n", printable(name), printable(l.Tags[name]))
	}
	for _, v := range l.Versions {
		what := fmt.Sprintf("%d bytes", v.Size)
		if v.Removed {
			what = "removed"
		}
		if _, err := fmt.Fprintf(w, "Version     %s  %s  %s\n", stamp(v.ModTime), printable(v.ID), what); err != nil {
			return err
		}
	}
	return nil
}
