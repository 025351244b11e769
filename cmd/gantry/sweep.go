package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"gantry/connectors"
	"gantry/connectors/janitor"
)

// A leftover is an upload that was neither finished nor given up.
type leftover struct {
	connectors.Unfinished
	Discarded bool   `json:"discarded"`
	Reason    string `json:"reason"`
}

func sweepCommand(a *app) *cobra.Command {
	var (
		options []string
		older   time.Duration
		dryRun  bool
	)
	cmd := &cobra.Command{
		Use: "sweep PLACE", Short: "Discards uploads that were begun long ago and never finished",
		Long: `Discards the uploads to a place that were neither finished nor given up: unfinished multipart uploads of
a bucket, which cost money as long as they are there, and files in the place's .gantry-uploads elsewhere.
In a bucket that is all below the prefix. Elsewhere it is what copies to this very folder have left: a copy
to in/day1/ leaves its uploads in in/day1/.gantry-uploads, which a sweep of in/ does not see.
An upload that somebody still takes up has to begin again once it is discarded: leave them time with
--older-than, which is one hour at least, since what is younger may be under way.`,
		Example: `  gantry sweep archive: --dry-run
  gantry sweep s3://bucket/incoming/ --older-than 72h
  gantry sweep sftp://host/in/day1/`,
		Args: cobra.ExactArgs(1), ValidArgsFunction: a.completePlaces(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if older < time.Hour {
				return coded(exitUsage, fmt.Errorf("older-than is %s: write 1h at least, since what is younger may be under way", older))
			}
			s, err := a.open(cmd.Context(), asFolder(args[0]), options...)
			if err != nil {
				return err
			}
			defer s.Close()
			sweeper, ok := connectors.As[connectors.Sweeper](s.patient)
			if !ok {
				return fmt.Errorf("%s keeps no unfinished uploads that could be found", printable(s.typed))
			}
			swept, err := sweep(cmd.Context(), sweeper, s.path, janitor.Rule{Unknown: older}, dryRun)
			if err != nil && len(swept) == 0 {
				return err
			}
			if printed := a.print(cmd.OutOrStdout(), swept, func(w io.Writer) error { return leftoverTable(w, swept, inFolders(s.location)) }); err == nil {
				err = printed
			}
			return err
		},
	}
	cmd.Flags().DurationVar(&older, "older-than", 7*24*time.Hour, "leave alone what was begun later than so long ago; 1h at least")
	cmd.Flags().BoolVarP(&dryRun, "dry-run", "n", false, "say what would be discarded, and discard nothing")
	optionFlag(cmd, &options, "option", "option of the place, NAME=VALUE; `gantry connectors` lists them")
	return cmd
}

// sweep returns what it has found so far also when it fails.
func sweep(ctx context.Context, sweeper connectors.Sweeper, prefix string, rule janitor.Rule, dryRun bool) ([]leftover, error) {
	found := []leftover{}
	for u, err := range sweeper.Unfinished(ctx, prefix) {
		if err != nil {
			return found, err
		}
		discard, reason := rule.Decide(u, janitor.Unknown, time.Now())
		if !discard {
			continue
		}
		if !dryRun {
			if err := sweeper.Discard(ctx, u); err != nil {
				return found, err
			}
		}
		found = append(found, leftover{u, !dryRun, reason})
	}
	return found, nil
}

// inFolders tells whether each folder of a place keeps the uploads of copies to it.
func inFolders(l connectors.Location) bool {
	return !strings.HasPrefix(l.URL, "s3:") && !strings.HasPrefix(l.URL, "s3+")
}

func leftoverTable(w io.Writer, list []leftover, inFolders bool) error {
	if len(list) == 0 {
		said := "There is nothing to discard."
		if inFolders {
			said = "There is nothing to discard in this very folder. Folders below it were not looked into: sweep those that were copied to, too."
		}
		_, err := fmt.Fprintln(w, said)
		return err
	}
	rows := make([][]string, len(list))
	for i, l := range list {
		bytes, done := "-", "would be discarded"
		if l.Size >= 0 {
			bytes = size(l.Size)
		}
		if l.Discarded {
			done = "discarded"
		}
		rows[i] = []string{done, l.Began.UTC().Format(time.RFC3339), bytes, orDash(l.Path), l.ID}
	}
	return columns(w, "WHAT BEGAN BYTES PATH ID", rows)
}
