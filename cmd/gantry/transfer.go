package main

import (
	"path"
	"strings"
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

// A moving is a transfer of the hub, or one that a command of this user runs or has run.
// The fields of both are the same.
type moving struct {
	From string `json:"from"` // hub, or here
	api.TransferView
	Key   string `json:"key,omitempty"` // of the hub's alone, as the two that follow
	Site  string `json:"site,omitempty"`
	Fence int64  `json:"fence,omitempty"`

	Growing bool          `json:"growing,omitempty"` // a file of it is still written: the total is what there is so far
	Local   *steer.Status `json:"local,omitempty"`
}

const (
	fromHub  = "hub"
	fromHere = "here"
)

// ofTheHub is a transfer of the hub. One that an agent has taken counts as moving.
func ofTheHub(t api.TransferView) moving {
	if t.Status == catalog.TransferLeased {
		t.Status = catalog.TransferMoving
	}
	p, _ := movingOf(t.Transfer)
	return moving{From: fromHub, TransferView: t, Key: t.Key, Site: t.Site, Fence: t.Fence, Growing: t.Status == catalog.TransferMoving && grows(p.Running)}
}

// home is the folder of this user's own transfers.
func home() (steer.Home, error) {
	dir, err := statePath("")
	return steer.Home(dir), err
}

func local(s steer.Status) moving {
	t := catalog.Transfer{
		ID: s.ID, Kind: s.Kind, Status: s.State, Done: s.Done, Total: s.Bytes, Rate: s.Rate, Waiting: s.Waiting, Error: s.Error,
		Priority: s.Priority, Deadline: s.Deadline, Paused: s.Paused, CreatedAt: s.Started, StartedAt: s.Started, EndedAt: s.Ended,
	}
	if !s.Bandwidth.Unlimited() {
		t.Bandwidth = s.Bandwidth.String()
	}
	if t.Status == steer.StateStopped {
		t.Error = "" // the status says it
	}
	return moving{From: fromHere, TransferView: api.TransferView{Transfer: t, Name: nameOf(s.Source), Source: s.Source, Destination: s.Destination}, Local: &s, Growing: grows(s.Running)}
}

// nameOf is the last part of what was typed as a source.
func nameOf(source string) string {
	if _, after, ok := strings.Cut(source, ":"); ok && locationName.MatchString(source) {
		source = after
	}
	return path.Base(source)
}

// completeTransfers completes one argument with what can be steered.
func (a *app) completeTransfers(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	names, _ := a.completeNames("transfers")(cmd, args, typed)
	if list, err := a.here(lately(time.Now())); err == nil || len(list) > 0 {
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
	if eta > 0 && eta < 0.5 {
		return "<1s"
	}
	return short(time.Duration(eta * float64(time.Second)).Round(time.Second))
}
