package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"gantry/orchestrator/api"
)

func applyCommand(a *app) *cobra.Command {
	var files []string
	var dryRun bool
	cmd := &cobra.Command{
		Use: "apply -f FILE", Short: "Creates or replaces the documents of a file: locations, routes, partners, workflows …",
		Long:    "Creates or replaces the documents of a file, all or none of it. Everything is checked first, together\nwith what the hub has; a mistake is shown with its place.",
		Example: "  gantry apply -f partner.yaml --dry-run\n  gantry apply -f -",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if len(files) == 0 {
				return coded(exitUsage, errors.New("name a file of documents with -f, or - for standard input"))
			}
			for _, file := range files {
				if err := a.apply(cmd, file, dryRun); err != nil {
					return err
				}
			}
			return nil
		},
	}
	cmd.Flags().StringSliceVarP(&files, "filename", "f", nil, "file of documents, - for standard input")
	cmd.Flags().BoolVarP(&dryRun, "dry-run", "n", false, "check all, change nothing")
	return cmd
}

func (a *app) apply(cmd *cobra.Command, file string, dryRun bool) error {
	var text []byte
	var err error
	if file == "-" {
		text, err = io.ReadAll(cmd.InOrStdin())
	} else {
		text, err = os.ReadFile(file)
	}
	if err != nil {
		return err
	}
	var done api.Applied
	if err := a.client().post(cmd.Context(), "/resources", api.ApplyRequest{File: file, Text: string(text), DryRun: dryRun}, &done); err != nil {
		return err
	}
	return a.print(cmd.OutOrStdout(), done, func(w io.Writer) error {
		for _, c := range done.Changes {
			suffix := ""
			if dryRun {
				suffix = " (dry run)"
			}
			if _, err := fmt.Fprintf(w, "%s/%s %s%s\n", c.Kind, c.Name, c.Action, suffix); err != nil {
				return err
			}
		}
		return nil
	})
}
