package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"gantry/orchestrator/catalog"
	"gantry/transfer/agent/wire"
)

func transferList(a *app) *cobra.Command {
	f := &filter{}
	watch := false
	cmd := &cobra.Command{
		Use: "ls", Short: "Lists transfers: this user's own commands, and the hub's, newest first", Args: cobra.NoArgs,
		Long: "Lists the transfers of this user's own commands on this machine (FROM here), running or stopped, and those of the hub, newest first.\nWithout a hub, only the former.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !watch {
				return a.listTransfers(cmd, f)
			}
			return a.watchTransfers(cmd, f)
		},
	}
	f.declare(cmd)
	cmd.Flags().BoolVarP(&watch, "watch", "w", false, "show it again every second, until Ctrl-C")
	return cmd
}

// A transferPage is what -o json prints.
type transferPage struct {
	Items []moving `json:"items"`
	Next  string   `json:"next,omitempty"`
}

func (a *app) listTransfers(cmd *cobra.Command, f *filter) error {
	q, err := f.query()
	if err != nil {
		return err
	}
	page := transferPage{Items: []moving{}}
	hub, next, none, err := a.ofHub(cmd, q)
	if err != nil {
		return err
	}
	if f.after == "" {
		here, err := a.here()
		if err != nil {
			fmt.Fprintln(cmd.ErrOrStderr(), "gantry: "+err.Error())
		}
		page.Items = slices.DeleteFunc(here, func(m moving) bool { return len(f.status) > 0 && !slices.Contains(f.status, m.Status) })
	}
	page.Items, page.Next = append(page.Items, hub...), next
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
func (a *app) watchTransfers(cmd *cobra.Command, f *filter) error {
	out, ok := cmd.OutOrStdout().(*os.File)
	screen := ok && term.IsTerminal(int(out.Fd())) && a.format == "table"
	for {
		if screen {
			fmt.Fprint(out, "\x1b[H\x1b[2J")
		}
		if err := a.listTransfers(cmd, f); err != nil {
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
			m.ID, m.From, m.Kind, m.standing(), m.Priority.String(), size(m.Done), size(m.Total), speed(m.Transfer), timeLeft(m.eta()), age(m.CreatedAt, time.Now()), cut(m.what(), 70),
		}
	}
	return columns(w, "ID FROM KIND STATUS PRIORITY DONE TOTAL RATE ETA AGE WHAT", rows)
}

// standing is the status for people.
func (m moving) standing() string {
	if m.Paused && !m.Ended() {
		return "paused"
	}
	return m.Status
}

// what says what it waits for, what went wrong, or what it is about.
func (m moving) what() string {
	if m.Local != nil {
		return orDash(cmp.Or(m.Waiting, m.Error, m.Local.Source+" to "+m.Local.Destination))
	}
	return orDash(cmp.Or(m.Waiting, m.Error, m.AssetID))
}

// eta is in seconds; below zero if nobody can tell.
func (m moving) eta() float64 {
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

func newestFirst(list []moving) {
	slices.SortStableFunc(list, func(a, b moving) int { return b.CreatedAt.Compare(a.CreatedAt) })
}

// cutID takes the ID of one of this user's transfers apart.
func cutID(id string) (command, rest string, ok bool) { return strings.Cut(id, "-") }

// hubStatuses are those that the hub's transfers have.
var hubStatuses = []string{catalog.TransferQueued, catalog.TransferLeased, catalog.TransferMoving, catalog.TransferDone, catalog.TransferFailed, catalog.TransferCancelled}

// hubFilter leaves out the statuses that only this user's own transfers have. ok is
// false if nothing of the hub is asked for.
func hubFilter(q url.Values) (_ url.Values, ok bool) {
	if q.Get("status") == "" {
		return q, true
	}
	kept := slices.DeleteFunc(strings.Split(q.Get("status"), ","), func(s string) bool { return !slices.Contains(hubStatuses, s) })
	q.Set("status", strings.Join(kept, ","))
	return q, len(kept) > 0
}
