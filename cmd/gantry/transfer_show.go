package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"gantry/orchestrator/api"
	"gantry/transfer"
	"gantry/transfer/ledger"
	"gantry/transfer/steer"
)

func transferShow(a *app) *cobra.Command {
	all := false
	cmd := &cobra.Command{
		Use: "show ID", Short: "Shows a transfer: how far it is, what it waits for, its files, its receipts", Args: cobra.ExactArgs(1),
		Long: `Shows a transfer: how far it is, what it waits for, its files, its receipts. Receipts of this user's own
commands are kept for a year, at most 1 GiB of them. The ID of a command's transfer (copy-0123…) is the
same whenever it is typed; the last run is shown, or the one that is under way. copy-0123….2 is its
second run.`,
		ValidArgsFunction: a.completeTransfers,
		RunE: func(cmd *cobra.Command, args []string) error {
			f, ok, err := findHere(args[0])
			switch {
			case err != nil:
				return err
			case ok:
				return a.showLocal(cmd.OutOrStdout(), f.Ask(), ledger.Lines(filepath.Join(f.Dir, spoolName)), all)
			}
			l, err := receipts()
			if err != nil {
				return err
			}
			run, ok, err := l.Find(args[0])
			switch {
			case err != nil:
				return err
			case ok:
				return a.showLocal(cmd.OutOrStdout(), run.Status, run.Lines(), all)
			case ours(args[0]):
				return notHere(args[0])
			}
			return showTransfer(cmd.Context(), a, cmd.OutOrStdout(), args[0])
		},
	}
	cmd.Flags().BoolVarP(&all, "verbose", "v", false, "name every file, however many there are")
	return cmd
}

// findHere finds a transfer of this user's own that has not ended.
func findHere(id string) (f steer.Found, ok bool, err error) {
	h, err := home()
	if err != nil {
		return f, false, err
	}
	return h.Find(id)
}

// findToSteer finds one of this user's own that can be steered. ok is false if the ID is
// the hub's.
func findToSteer(id string) (f steer.Found, ok bool, err error) {
	if f, ok, err = findHere(id); ok || err != nil {
		return f, ok, err
	}
	l, err := receipts()
	if err != nil {
		return f, false, err
	}
	run, ended, err := l.Find(id)
	switch {
	case err != nil:
		return f, false, err
	case ended && run.State == steer.StateFailed:
		return f, false, coded(exitFailed, fmt.Errorf("%s failed before anything of it had arrived: there is nothing to go on from, give its command again", id))
	case ended:
		return f, false, coded(exitFailed, fmt.Errorf("%s is %s: gantry transfer show %s has its receipts", id, run.State, id))
	case ours(id):
		return f, false, notHere(id)
	}
	return f, false, nil
}

// ours tells whether an ID is that of a user's own transfer.
func ours(id string) bool {
	stem, _, _ := strings.Cut(id, ".")
	_, ok := steer.Home("").Dir(stem)
	return ok
}

func notHere(id string) error {
	return coded(exitNotFound, fmt.Errorf("there is no transfer %q here (list them with gantry transfer ls --all)", id))
}

// fields prints names and values, those that are not empty.
func fields(w io.Writer, pairs ...string) {
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			fmt.Fprintf(w, "%-10s %s\n", pairs[i]+":", printable(pairs[i+1]))
		}
	}
}

func (a *app) showLocal(w io.Writer, s steer.Status, lines iter.Seq2[[]byte, error], all bool) error {
	m := local(s)
	return a.printWith(w, m, "results", lines, func(w io.Writer) error {
		process := ""
		if s.Process > 0 {
			process = fmt.Sprint(s.Process)
		}
		fields(w, "Transfer", s.ID, "From", s.Source, "To", s.Destination, "Status", m.standing(), "Process", process)
		if s.State == steer.StateDone || s.State == steer.StateCancelled {
			fields(w, "Ended", stamp(s.Ended), "Took", took(s.Started, s.Ended), "Moved", size(s.Done), "Files", fmt.Sprintf("%d of %d done", s.FilesDone, s.Files))
		} else {
			fields(w, "Ended", stamp(s.Ended))
			a.showPace(w, m, s.Retries, s.Resent, s.Resumed)
			if s.Files > 1 {
				fields(w, "Files", fmt.Sprintf("%d of %d done, %d failed", s.FilesDone, s.Files, s.FilesFailed))
			}
		}
		if s.Process == 0 && s.PartsTotal > 0 {
			fields(w, "Parts", fmt.Sprintf("%d of %d", s.Parts, s.PartsTotal))
		}
		fields(w, "Error", m.Error, "Go on with", s.GoOn)
		if err := runningTable(w, s.Running); err != nil {
			return err
		}
		return resultsOf(w, lines, all)
	})
}

// resultsOf shows what became of files that have ended: a few of them, or all.
func resultsOf(w io.Writer, lines iter.Seq2[[]byte, error], all bool) error {
	more, shown := 0, 0
	some := func(yield func(result, error) bool) {
		for r, err := range results(lines) {
			if err == nil && r.Receipt == nil {
				continue
			}
			if shown++; err == nil && shown > fewFiles && !all {
				more++
				continue
			}
			if shown == 1 {
				fmt.Fprintln(w)
			}
			if !yield(r, err) {
				return
			}
		}
	}
	if err := resultTable(w, some); err != nil {
		return err
	}
	for r, err := range results(lines) {
		if err != nil {
			return err
		}
		if r.Outcome == outcomeFailed && shown < fewFiles+more {
			fmt.Fprintf(w, "%s: %s\n", printable(r.Source), printable(r.Error))
		}
	}
	if more > 0 {
		fmt.Fprintf(w, "and %d more: -v names them all, -o json has their receipts\n", more)
	}
	return nil
}

// showPace prints what transfers of all kinds have.
func (a *app) showPace(w io.Writer, m moving, retries int, resent, resumed int64) {
	fields(w, "Moved", fmt.Sprintf("%s of %s", size(m.Done), soFar(m.Total, m.Growing)), "Rate", strings.TrimPrefix(speed(m.Transfer), "-"),
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
		rows[i] = []string{p.Source, p.Phase, share(p, p.Sent), soFar(max(p.Size, p.Total), p.Growing), rate(p.Rate), timeLeft(p.ETA), partsOf(p), fmt.Sprint(p.Retries), orDash(p.Waiting)}
	}
	return columns(w, "FILE PHASE SENT SIZE RATE ETA PARTS RETRIES WAITS-FOR", rows)
}

func showTransfer(ctx context.Context, a *app, w io.Writer, id string) error {
	var t api.TransferView
	if err := fetch(ctx, a, "/transfers", id, &t); err != nil {
		return err
	}
	m := ofTheHub(t)
	return a.print(w, m, func(w io.Writer) error {
		fields(w, "Transfer", t.ID, "Kind", t.Kind, "Name", t.Name, "Asset", t.AssetID, "From", t.Source, "To", t.Destination, "Status", m.standing(), "Agent", orDash(t.Agent))
		p, _ := movingOf(t.Transfer)
		a.showPace(w, m, p.Retries, p.Resent, p.Resumed)
		if took := took(t.StartedAt, t.EndedAt); took != "-" {
			fields(w, "Took", took)
		}
		fields(w, "Error", t.Error)
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
