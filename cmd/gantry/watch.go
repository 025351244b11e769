package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"gantry/connectors"
	"gantry/connectors/poll"
)

func watchCommand(a *app) *cobra.Command {
	var (
		options  []string
		interval time.Duration
		all      bool
	)
	cmd := &cobra.Command{
		Use: "watch PLACE", Short: "Tells of new, changed and removed files of a place until it is interrupted",
		Long: `Tells of new, changed and removed files below a place until it is interrupted: by the place's own events,
where its option events names them (S3: an SQS queue), otherwise by listing it from time to time. With
-o json each event is one line.

Reading an SQS queue takes its messages: give each reader a queue of its own.`,
		Example: `  gantry watch ftp://partner.example/incoming/
  gantry watch s3://bucket/incoming/ --option events=https://sqs.eu-central-1.amazonaws.com/111122223333/media -o json`,
		Args: cobra.ExactArgs(1), ValidArgsFunction: a.completePlaces(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if interval < time.Second {
				return coded(exitUsage, fmt.Errorf("interval is %s: write 1s at least", interval))
			}
			if a.format == "yaml" {
				return coded(exitUsage, fmt.Errorf("events come one by one: write -o json or -o table"))
			}
			s, err := a.open(cmd.Context(), args[0], options...)
			if err != nil {
				return err
			}
			defer s.Close()
			err = s.notifier(interval, all).Notify(cmd.Context(), s.path, func(_ context.Context, e connectors.Event) error {
				return a.event(cmd.OutOrStdout(), e)
			})
			if cmd.Context().Err() != nil {
				return nil // it was told to end
			}
			return err
		},
	}
	cmd.Flags().DurationVar(&interval, "interval", 30*time.Second, "time between two listings of a place without events")
	cmd.Flags().BoolVar(&all, "all", false, "tell of the files that are there already, too (of a place without events)")
	optionFlag(cmd, &options, "option", "option of the place, NAME=VALUE; `gantry connectors` lists them")
	return cmd
}

// notifier is the place's own, or one that lists it.
func (s *spot) notifier(interval time.Duration, all bool) connectors.Notifier {
	if own, ok := connectors.As[connectors.Notifier](s.Place); ok {
		return own
	}
	return poll.New(s.Place, poll.Options{
		Interval: func() time.Duration { return interval }, Now: time.Now, All: all,
		Failed: func(err error, next time.Duration) {
			fmt.Fprintf(os.Stderr, "not listed, again in %s: %v\n", short(next), err)
		},
	})
}

func (a *app) event(w io.Writer, e connectors.Event) error {
	if a.format == "json" {
		return json.NewEncoder(w).Encode(e)
	}
	what, bytes := "file", fmt.Sprintf("%14d", e.Size)
	if e.Removed {
		what, bytes = "gone", fmt.Sprintf("%14s", "-")
	}
	_, err := fmt.Fprintf(w, "%s  %s  %s  %s\n", what, bytes, e.At.UTC().Format(time.RFC3339), printable(e.Path))
	return err
}
