package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"gantry/orchestrator/catalog"
	"gantry/transfer/agent/wire"
	"gantry/transfer/steer"
)

func transferList(a *app) *cobra.Command {
	f := &filter{}
	all, watch := false, false
	cmd := &cobra.Command{
		Use: "ls", Aliases: []string{"list"}, Short: "Lists transfers: this user's own commands, and the hub's, newest first", Args: cobra.NoArgs,
		Long: `Lists the transfers of this user's own commands on this machine (FROM here) and those of the hub, newest
first. Without a hub, only the former. Of these, what has ended is listed for a day, and what has stopped or
failed for two weeks; --all lists all that is still known.

STATUS is queued, moving, paused, stopped, failed, done or cancelled.`,
		Example: "  gantry transfer ls --status queued,moving,paused\n  gantry transfer ls --all --status done -o json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			since := lately(time.Now())
			if all {
				since = horizon{}
			}
			if !watch {
				return a.listTransfers(cmd, f, since)
			}
			return a.watchTransfers(cmd, f, since)
		},
	}
	f.declare(cmd)
	cmd.Flags().BoolVarP(&watch, "watch", "w", false, "show it again every second, until Ctrl-C")
	cmd.Flags().BoolVarP(&all, "all", "a", false, "list this user's own commands however long ago they ended")
	_ = cmd.RegisterFlagCompletionFunc("status", cobra.FixedCompletions(standings, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// A transferPage is what -o json prints.
type transferPage struct {
	Items []moving `json:"items"`
	Next  string   `json:"next,omitempty"`
}

func (a *app) listTransfers(cmd *cobra.Command, f *filter, since horizon) error {
	page, none, err := a.transferPage(cmd, f, since)
	if err != nil {
		return err
	}
	return a.print(cmd.OutOrStdout(), page, func(w io.Writer) error {
		if err := transferTable(w, page.Items); err != nil {
			return err
		}
		if none {
			fmt.Fprintf(cmd.ErrOrStderr(), "no hub answers at %s: these are this user's own\n", a.client().shown())
		}
		if page.Next == "" {
			return nil
		}
		_, err := fmt.Fprintf(w, "more with --after %s\n", page.Next)
		return err
	})
}

// watchTransfers lists again and again, on a terminal in the same place.
func (a *app) watchTransfers(cmd *cobra.Command, f *filter, since horizon) error {
	out, ok := cmd.OutOrStdout().(*os.File)
	screen := ok && term.IsTerminal(int(out.Fd())) && a.format == "table"
	for {
		if screen {
			fmt.Fprint(out, "\x1b[H\x1b[2J")
		}
		if err := a.listTransfers(cmd, f, since); err != nil {
			return err
		}
		select {
		case <-cmd.Context().Done():
			return nil // that is how it ends
		case <-time.After(time.Second):
		}
	}
}

func transferTable(w io.Writer, list []moving) error {
	rows := make([][]string, len(list))
	for i, m := range list {
		rows[i] = []string{
			m.ID, m.From, m.Kind, m.standing(), m.Priority.String(), size(m.Done), soFar(m.Total, m.Growing), speed(m.Transfer), timeLeft(m.eta()), age(m.CreatedAt, time.Now()),
			orDash(m.what()), orDash(cmp.Or(m.Waiting, m.Error)),
		}
	}
	return columns(w, "ID FROM KIND STATUS PRIORITY DONE TOTAL RATE ETA AGE WHAT WHY", rows)
}

// standing is the status for people.
func (m moving) standing() string {
	if m.Paused && !m.Ended() {
		return steer.StatePaused
	}
	return m.Status
}

// what says what it is about.
func (m moving) what() string {
	switch {
	case m.Source == "" && m.Destination == "":
		return cmp.Or(m.Name, m.AssetID)
	case m.Destination == "":
		return m.Source
	}
	return m.Source + " to " + m.Destination
}

// eta is in seconds; below zero if nobody can tell.
func (m moving) eta() float64 {
	if m.Ended() {
		return -1
	}
	if m.Local != nil {
		return m.Local.ETA
	}
	if p, ok := movingOf(m.Transfer); ok && m.Rate > 0 {
		return p.ETA
	}
	return -1
}

// movingOf reads what an agent has told of a transfer.
func movingOf(t catalog.Transfer) (p wire.Moving, ok bool) {
	ok = len(t.Progress) > 0 && json.Unmarshal(t.Progress, &p) == nil
	return p, ok
}
