package main

import (
	"errors"
	"net/url"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"gantry/orchestrator/api"
	"gantry/orchestrator/catalog"
	"gantry/transfer/steer"
)

func transferCommand(a *app) *cobra.Command {
	return group("transfer", "Transfers: what is moving, what waits and why, what was proved; pause, hurry or cancel them",
		transferList(a), transferShow(a),
		steerCommand(a, steerer{
			use: "pause", short: "Stops a transfer where it is, until it is resumed", here: pauseHere, hub: pathOf("pause"),
		}),
		steerCommand(a, steerer{
			use: "resume", short: "Lets a transfer go on that is paused; runs one here that was stopped or killed", here: resumeHere, hub: pathOf("resume"),
		}),
		steerCommand(a, steerer{
			use: "retry", short: "Tries a transfer again at once that has failed, was stopped or waits", here: retryHere, hub: pathOf("retry"),
		}),
		cancelTransfer(a), setTransfer(a), finishTransfer(a),
	)
}

// A moving is a transfer of the hub, or one that a command of this user runs. The fields
// of both are the same.
type moving struct {
	From string `json:"from"` // hub, or here
	catalog.Transfer
	Local *steer.Status `json:"local,omitempty"`
}

const (
	fromHub  = "hub"
	fromHere = "here"
)

// home is the folder of this user's own transfers.
func home() (steer.Home, error) {
	dir, err := stateFolder("copy")
	return steer.Home(filepath.Dir(dir)), err
}

func local(s steer.Status) moving {
	t := catalog.Transfer{
		ID: s.ID, Kind: kindOf(s.ID), Status: s.State, Done: s.Done, Total: s.Bytes, Rate: s.Rate, Waiting: s.Waiting, Error: s.Error,
		Priority: s.Priority, Deadline: s.Deadline, Paused: s.Paused, CreatedAt: s.Started, StartedAt: s.Started, EndedAt: s.Ended,
	}
	if !s.Bandwidth.Unlimited() {
		t.Bandwidth = s.Bandwidth.String()
	}
	return moving{From: fromHere, Transfer: t, Local: &s}
}

// kindOf is the command that a transfer of this user belongs to.
func kindOf(id string) string {
	kind, _, _ := cutID(id)
	return kind
}

// here lists this user's own transfers, the newest first.
func (a *app) here() ([]moving, error) {
	h, err := home()
	if err != nil {
		return nil, err
	}
	found, err := h.List()
	list := make([]moving, len(found))
	for i, f := range found {
		list[i] = local(f.Ask())
	}
	newestFirst(list)
	return list, err
}

// ofHub lists what the hub has. none is true if no hub answers, and nobody has named one.
func (a *app) ofHub(cmd *cobra.Command, q url.Values) (list []moving, next string, none bool, err error) {
	q, asked := hubFilter(q)
	if !asked {
		return nil, "", false, nil
	}
	var page api.Page[catalog.Transfer]
	err = a.client().get(cmd.Context(), "/transfers", q, &page)
	var coded *codedError
	if errors.As(err, &coded) && coded.code == exitUnreachable && !a.settings.HubNamed {
		return nil, "", true, nil
	}
	for _, t := range page.Items {
		list = append(list, moving{From: fromHub, Transfer: t})
	}
	return list, page.Next, false, err
}

// completeTransfers completes one argument with what can be steered.
func (a *app) completeTransfers(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	names, _ := a.completeNames("transfers")(cmd, args, typed)
	if list, err := a.here(); err == nil || len(list) > 0 {
		for _, m := range list {
			names = append(names, m.ID+"\t"+m.Status+", "+m.Local.Source)
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

func timeLeft(eta float64) string {
	if eta < 0 {
		return "-"
	}
	return short(time.Duration(eta * float64(time.Second)).Round(time.Second))
}
