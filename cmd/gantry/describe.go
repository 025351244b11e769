package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"gantry/orchestrator/api"
	"gantry/orchestrator/catalog"
	"gantry/orchestrator/function"
	"gantry/orchestrator/media"
	"gantry/orchestrator/resources"
)

func describeCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "describe KIND NAME", Short: "Shows all that the hub knows of one thing",
		Example: "  gantry describe asset as_01J9ZC5D8Q3V7K2M4N6P8R0T2W\n  gantry describe workflow clip",
		Args:    cobra.ExactArgs(2), ValidArgsFunction: a.completeThings,
		RunE: func(cmd *cobra.Command, args []string) error {
			return describe(cmd.Context(), a, cmd.OutOrStdout(), args[0], args[1])
		},
	}
}

func describe(ctx context.Context, a *app, w io.Writer, typed, name string) error {
	k, err := findKind(typed)
	if err != nil {
		return err
	}
	if k.show == nil {
		return coded(exitUsage, fmt.Errorf("%s are only listed: write `gantry get %s`", k.plural, k.plural))
	}
	return k.show(ctx, a, w, name)
}

// fetch gets the one thing at path; the code is its own where there is none.
func fetch(ctx context.Context, a *app, path, name string, into any) error {
	err := a.client().get(ctx, path+"/"+url.PathEscape(name), nil, into)
	var refused *refusal
	if errors.As(err, &refused) && refused.Status == http.StatusNotFound {
		return coded(exitNotFound, err)
	}
	return err
}

func showDocument(ctx context.Context, a *app, w io.Writer, kind, name string) error {
	var d resources.Document
	if err := fetch(ctx, a, "/resources/"+kind, name, &d); err != nil {
		return err
	}
	return a.print(w, d, func(w io.Writer) error {
		_, err := fmt.Fprintf(w, "# %s\n%s\n", d.File, strings.TrimRight(d.Source, "\n"))
		return err
	})
}

func showDelivery(ctx context.Context, a *app, w io.Writer, id string) error {
	var d catalog.Delivery
	if err := fetch(ctx, a, "/deliveries", id, &d); err != nil {
		return err
	}
	return a.print(w, d, func(w io.Writer) error { return (&app{format: "yaml"}).print(w, d, nil) })
}

func showAsset(ctx context.Context, a *app, w io.Writer, id string) error {
	var v api.AssetView
	if err := fetch(ctx, a, "/assets", id, &v); err != nil {
		return err
	}
	return a.print(w, v, func(w io.Writer) error { return assetTable(w, v) })
}

func assetTable(w io.Writer, v api.AssetView) error {
	as := v.Asset
	fields := [][2]string{
		{"Asset", as.ID},
		{"Name", as.Name},
		{"Status", as.Status},
		{"Reason", as.Reason},
		{"Size", size(as.Size)},
		{"XXH128", as.Digests["xxh128"]},
		{"Site", as.Site},
		{"Route", as.Route},
		{"Media", mediaLine(as.Facts)},
		{"QC", qcLine(as.QC)},
		{"Tier", as.Tier},
		{"Tier reason", as.TierReason},
		{"Recorded", stamp(as.RecordedAt)},
		{"Arrived", stamp(as.ArrivedAt)},
		{"Live", stamp(as.LiveAt)},
		{"Published", stamp(as.PublishedAt)},
	}
	for _, f := range fields {
		if f[1] != "" {
			fmt.Fprintf(w, "%-12s %s\n", f[0]+":", printable(f[1]))
		}
	}
	fmt.Fprintln(w, "\nRenditions")
	rows := make([][]string, len(v.Renditions))
	for i, r := range v.Renditions {
		rows[i] = []string{r.Profile, fmt.Sprint(r.Files), size(r.Size), r.Path}
	}
	if err := columns(w, "  PROFILE FILES SIZE MAIN", rows); err != nil {
		return err
	}
	fmt.Fprintln(w, "\nDeliveries")
	rows = make([][]string, len(v.Deliveries))
	for i, d := range v.Deliveries {
		rows[i] = []string{d.Partner, d.Status, d.Profile, orDash(d.Proof), d.Location + ":" + d.Path, orDash(trouble(d, v.Transfers))}
	}
	if err := columns(w, "  PARTNER STATUS PROFILE PROOF PLACE ERROR", rows); err != nil {
		return err
	}
	fmt.Fprintln(w, "\nCopies")
	if err := copyTable(w, v.Copies); err != nil {
		return err
	}
	fmt.Fprintln(w, "\nRuns")
	rows = make([][]string, len(v.Runs))
	for i, r := range v.Runs {
		rows[i] = []string{r.ID, r.Workflow + " " + r.Version, r.Status, took(r.CreatedAt, r.EndedAt), waits(r)}
	}
	return columns(w, "  ID WORKFLOW STATUS TOOK WAITS-FOR", rows)
}

// mediaLine sums up what the probe found.
func mediaLine(facts json.RawMessage) string {
	var info media.Info
	if json.Unmarshal(facts, &info) != nil || info.Container == "" {
		return ""
	}
	said := []string{info.Container, fmt.Sprintf("%.2f s", info.Duration)}
	for _, v := range info.Video {
		said = append(said, fmt.Sprintf("%s %dx%d %s %s", v.Codec, v.Width, v.Height, v.FrameRate, v.Scan))
	}
	for i, a := range info.Audio {
		if i == 0 {
			said = append(said, fmt.Sprintf("%d × %s of %d channels", len(info.Audio), a.Codec, a.Channels))
		}
	}
	if info.Timecode != "" {
		said = append(said, "timecode "+info.Timecode)
	}
	return strings.Join(said, ", ")
}

// qcLine gives the verdict and its reason.
func qcLine(report json.RawMessage) string {
	var qc function.QCOutput
	if json.Unmarshal(report, &qc) != nil || qc.Outcome == "" {
		return ""
	}
	if qc.Reason == "" {
		return qc.Outcome
	}
	return qc.Outcome + ": " + qc.Reason
}

// trouble tells what is wrong with a delivery, also while it is tried again.
func trouble(d catalog.Delivery, transfers []catalog.Transfer) string {
	for _, t := range transfers {
		if t.ID == d.TransferID && d.Error == "" {
			return t.Error
		}
	}
	return d.Error
}

// copyTable leaves out the pieces of a ladder, which are many and alike.
func copyTable(w io.Writer, copies []catalog.Copy) error {
	var rows [][]string
	pieces := 0
	for _, c := range copies {
		if strings.HasSuffix(c.Path, ".m4s") || strings.HasSuffix(c.Path, ".ts") {
			pieces++
			continue
		}
		rows = append(rows, []string{c.Kind, orDash(c.Tier), size(c.Size), c.Proof, c.Digests["xxh128"], c.Location + ":" + c.Path})
	}
	err := columns(w, "  KIND TIER SIZE PROOF XXH128 PLACE", rows)
	if err == nil && pieces > 0 {
		_, err = fmt.Fprintf(w, "  and %d segments (all with -o json)\n", pieces)
	}
	return err
}
