package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"gantry/connectors"
)

func lsCommand(a *app) *cobra.Command {
	var options []string
	cmd := &cobra.Command{
		Use: "ls PLACE", Short: "Lists the files of a place",
		Long: "Lists the files below a place in byte order of their paths. PLACE is a URL, a path, or LOCATION:PATH\nwith a location of the data folder.",
		Example: `  gantry ls /media/cards
  gantry ls archive:
  gantry ls s3+https://s3.example.com/bucket/2026`,
		Args: cobra.ExactArgs(1), ValidArgsFunction: a.completePlaces(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := a.open(cmd.Context(), args[0], options...)
			if err != nil {
				return err
			}
			defer s.Close()
			if s.Traits().DoubtfulLists {
				fmt.Fprintln(cmd.ErrOrStderr(), "this server may leave files out of its listings without a word: what is missing here may be there")
			}
			if a.format == "table" {
				return listTable(cmd, s)
			}
			entries := []connectors.Entry{}
			if err := s.each(withPassedOver(cmd.Context()), func(e connectors.Entry) error { entries = append(entries, e); return nil }); err != nil {
				return err
			}
			return a.print(cmd.OutOrStdout(), entries, nil)
		},
	}
	optionFlag(cmd, &options, "option", "option of the place, NAME=VALUE; `gantry connectors` lists them")
	return cmd
}

// each calls use with every file of the spot. It is an error if there is neither a
// file nor a folder.
func (s *spot) each(ctx context.Context, use func(connectors.Entry) error) error {
	empty := true
	for e, err := range s.patient.List(ctx, s.path) {
		if err == nil {
			err = use(e)
		}
		if err != nil {
			return err
		}
		empty = false
	}
	if !empty {
		return nil
	}
	if folder, err := s.isFolder(ctx); folder || err != nil {
		return err
	}
	return coded(exitNotFound, fmt.Errorf("there is no file at %s: look around with `gantry ls`", printable(s.typed)))
}

// listTable prints while it lists, so that a million files need no memory.
func listTable(cmd *cobra.Command, s *spot) error {
	files, bytes := 0, int64(0)
	err := s.each(withPassedOver(cmd.Context()), func(e connectors.Entry) error {
		files, bytes = files+1, bytes+e.Size
		return listLine(cmd.OutOrStdout(), e)
	})
	if err == nil {
		_, err = fmt.Fprintf(cmd.ErrOrStderr(), "%s, %s\n", count(files, "file"), size(bytes))
	}
	return err
}

func listLine(w io.Writer, e connectors.Entry) error {
	_, err := fmt.Fprintf(w, "%14d  %s  %s\n", e.Size, e.ModTime.UTC().Format(time.RFC3339), printable(e.Path))
	return err
}
