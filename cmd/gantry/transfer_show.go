package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"gantry/orchestrator/catalog"
	"gantry/transfer"
	"gantry/transfer/steer"
)

func transferShow(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "show ID", Short: "Shows a transfer: how far it is, what it waits for, its files, its receipts", Args: cobra.ExactArgs(1),
		ValidArgsFunction: a.completeTransfers,
		RunE: func(cmd *cobra.Command, args []string) error {
			f, ok, err := findHere(args[0])
			if err != nil || !ok {
				return firstOf(err, func() error { return showTransfer(cmd.Context(), a, cmd.OutOrStdout(), args[0]) })
			}
			return a.showLocal(cmd.OutOrStdout(), f.Ask())
		},
	}
}

func firstOf(err error, next func() error) error {
	if err != nil {
		return err
	}
	return next()
}

// findHere finds a transfer of this user's own.
func findHere(id string) (f steer.Found, ok bool, err error) {
	h, err := home()
	if err != nil {
		return f, false, err
	}
	if _, ours := h.Dir(id); !ours {
		return f, false, nil
	}
	f, ok, err = h.Find(id)
	if err == nil && !ok {
		err = coded(exitNotFound, fmt.Errorf("there is no transfer %q here any more: it is done, or was cancelled (list them with gantry transfer ls)", id))
	}
	return f, ok, err
}

// fields prints names and values, those that are not empty.
func fields(w io.Writer, pairs ...string) {
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			fmt.Fprintf(w, "%-10s %s\n", pairs[i]+":", printable(pairs[i+1]))
		}
	}
}

func (a *app) showLocal(w io.Writer, s steer.Status) error {
	m := local(s)
	return a.print(w, m, func(w io.Writer) error {
		process := ""
		if s.Process > 0 {
			process = fmt.Sprint(s.Process)
		}
		fields(w, "Transfer", s.ID, "From", s.Source, "To", s.Destination, "Status", m.standing(), "Process", process)
		a.showPace(w, m, s.Retries, s.Resent, s.Resumed)
		if s.Files > 1 {
			fields(w, "Files", fmt.Sprintf("%d of %d done, %d failed", s.FilesDone, s.Files, s.FilesFailed))
		}
		fields(w, "Error", s.Error, "Go on with", s.GoOn)
		return runningTable(w, s.Running)
	})
}

// showPace prints what transfers of all kinds have.
func (a *app) showPace(w io.Writer, m moving, retries int, resent, resumed int64) {
	fields(w, "Moved", fmt.Sprintf("%s of %s", size(m.Done), size(m.Total)), "Rate", strings.TrimPrefix(speed(m.Transfer), "-"),
		"Time left", strings.TrimPrefix(timeLeft(m.eta()), "-"), "Waits for", m.Waiting, "Priority", m.Priority.String(),
		"Deadline", stamp(m.Deadline), "Bandwidth", m.Bandwidth)
	if resumed > 0 {
		fields(w, "Resumed", size(resumed)+" that earlier runs had sent")
	}
	if retries > 0 {
		fields(w, "Retries", fmt.Sprintf("%d, %s sent again", retries, size(resent)))
	}
}

func runningTable(w io.Writer, running []transfer.Progress) error {
	if len(running) == 0 {
		return nil
	}
	fmt.Fprintln(w)
	rows := make([][]string, len(running))
	for i, p := range running {
		rows[i] = []string{p.Source, p.Phase, fmt.Sprintf("%d%%", percent(p)), size(p.Size), rate(p.Rate), timeLeft(p.ETA), fmt.Sprintf("%d/%d", p.Parts, p.PartsTotal), fmt.Sprint(p.Retries), orDash(p.Waiting)}
	}
	return columns(w, "FILE PHASE SENT SIZE RATE ETA PARTS RETRIES WAITS-FOR", rows)
}

func showTransfer(ctx context.Context, a *app, w io.Writer, id string) error {
	var t catalog.Transfer
	if err := fetch(ctx, a, "/transfers", id, &t); err != nil {
		return err
	}
	m := moving{From: fromHub, Transfer: t}
	return a.print(w, m, func(w io.Writer) error {
		fields(w, "Transfer", t.ID, "Kind", t.Kind, "Status", m.standing(), "Agent", orDash(t.Agent))
		p, _ := movingOf(t)
		a.showPace(w, m, p.Retries, p.Resent, p.Resumed)
		fields(w, "Took", took(t.StartedAt, t.EndedAt), "Error", t.Error)
		if t.NotBefore.After(time.Now()) {
			fields(w, "Next try", stamp(t.NotBefore))
		}
		if err := runningTable(w, p.Running); err != nil {
			return err
		}
		var receipts []transfer.Receipt
		if err := json.Unmarshal(t.Receipts, &receipts); err != nil || len(receipts) == 0 {
			return nil // none yet
		}
		fmt.Fprintln(w)
		return printReceipts(w, receipts)
	})
}
