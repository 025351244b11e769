package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"

	"github.com/spf13/cobra"

	"gantry/orchestrator/api"
	"gantry/orchestrator/catalog"
)

func runCommand(a *app) *cobra.Command {
	return group("run", "Runs of workflows",
		listCommand(a, "Lists runs, newest first", showRuns),
		&cobra.Command{
			Use: "show ID", Short: "Shows a run: its steps with their times, and what it waits for", Args: cobra.ExactArgs(1),
			ValidArgsFunction: a.completeNames("runs"),
			RunE: func(cmd *cobra.Command, args []string) error {
				return showRun(cmd.Context(), a, cmd.OutOrStdout(), args[0])
			},
		},
		startCommand(a),
		&cobra.Command{
			Use: "retry ID", Short: "Starts a run that ended again; what was delivered and archived is found and not done twice", Args: cobra.ExactArgs(1),
			ValidArgsFunction: a.completeNames("runs"),
			RunE: func(cmd *cobra.Command, args []string) error {
				return a.started(cmd, "/runs/"+url.PathEscape(args[0])+"/retry", struct{}{})
			},
		},
		cancelCommand(a),
	)
}

// listCommand is the ls of a group.
func listCommand(a *app, short string, list func(ctx context.Context, a *app, w io.Writer, q url.Values) error) *cobra.Command {
	f := &filter{}
	cmd := &cobra.Command{
		Use: "ls", Short: short, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			q, err := f.query()
			if err != nil {
				return err
			}
			return list(cmd.Context(), a, cmd.OutOrStdout(), q)
		},
	}
	f.declare(cmd)
	return cmd
}

func startCommand(a *app) *cobra.Command {
	var asset, input string
	cmd := &cobra.Command{
		Use: "start WORKFLOW", Short: "Starts a workflow", Args: cobra.ExactArgs(1), ValidArgsFunction: a.completeNames("workflows"),
		RunE: func(cmd *cobra.Command, args []string) error {
			request := api.StartRequest{Workflow: args[0], Asset: asset}
			if input != "" {
				data, err := os.ReadFile(input)
				if err != nil {
					return err
				}
				if !json.Valid(data) {
					return coded(exitUsage, fmt.Errorf("%s is no JSON", input))
				}
				request.Input = data
			}
			return a.started(cmd, "/runs", request)
		},
	}
	cmd.Flags().StringVar(&asset, "asset", "", "asset that it is about")
	cmd.Flags().StringVar(&input, "input", "", "file with the input as JSON (default: made from the asset)")
	return cmd
}

func cancelCommand(a *app) *cobra.Command {
	var reason string
	cmd := &cobra.Command{
		Use: "cancel ID", Short: "Cancels a run", Args: cobra.ExactArgs(1), ValidArgsFunction: a.completeNames("runs"),
		RunE: func(cmd *cobra.Command, args []string) error {
			body := map[string]string{"reason": reason}
			return a.client().post(cmd.Context(), "/runs/"+url.PathEscape(args[0])+"/cancel", body, nil)
		},
	}
	cmd.Flags().StringVar(&reason, "reason", "", "why, for the record")
	return cmd
}

func (a *app) started(cmd *cobra.Command, path string, request any) error {
	var s api.Started
	if err := a.client().post(cmd.Context(), path, request, &s); err != nil {
		return err
	}
	return a.print(cmd.OutOrStdout(), s, func(w io.Writer) error {
		_, err := fmt.Fprintf(w, "started %s: see `gantry run show %s`\n", s.ID, s.ID)
		return err
	})
}

func showRun(ctx context.Context, a *app, w io.Writer, id string) error {
	var v api.RunView
	if err := fetch(ctx, a, "/runs", id, &v); err != nil {
		return err
	}
	return a.print(w, v, func(w io.Writer) error {
		r := v.Run
		fmt.Fprintf(w, "Run:      %s\nWorkflow: %s %s\nAsset:    %s\nStatus:   %s\n", r.ID, r.Workflow, r.Version, orDash(r.AssetID), r.Status)
		if text := fault(r.Error); text != "" {
			fmt.Fprintf(w, "Error:    %s\n", printable(text))
		}
		if !r.Ended() {
			fmt.Fprintf(w, "Waits for: %s\n", waits(r))
		}
		fmt.Fprintln(w)
		return stepTable(w, v)
	})
}

func stepTable(w io.Writer, v api.RunView) error {
	rows := make([][]string, len(v.Steps))
	for i, s := range v.Steps {
		attempt := "-"
		if s.Attempt > 0 {
			attempt = fmt.Sprint(s.Attempt)
		}
		rows[i] = []string{s.Name, orDash(s.Function), s.Status, attempt, took(s.StartedAt, s.EndedAt), stepNote(s, v.Transfers)}
	}
	return columns(w, "STEP FUNCTION STATUS ATTEMPT TOOK NOTE", rows)
}

// stepNote tells what went wrong, why it waits, or how far it is.
func stepNote(s catalog.Step, transfers []catalog.Transfer) string {
	if text := fault(s.Error); text != "" {
		return text
	}
	if !s.Open() {
		return ""
	}
	for _, t := range transfers {
		if t.Key == s.RunID+s.Key {
			return transferNote(t)
		}
	}
	return progressNote(s.Progress)
}

// transferNote tells why a transfer waits, or how far it is.
func transferNote(t catalog.Transfer) string {
	moved := fmt.Sprintf("%s of %s", size(t.Done), size(t.Total))
	if t.Error == "" {
		return moved
	}
	return moved + ", tried again: " + t.Error
}
