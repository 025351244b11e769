package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
	"time"

	"gantry/orchestrator/api"
	"gantry/orchestrator/catalog"
	"gantry/orchestrator/dispatch"
	"gantry/orchestrator/resources"
	"gantry/transfer"
)

// A kind is one kind of thing that the hub knows.
type kind struct {
	plural, singular string
	path             string // in the API
	document         string // the kind of resource that it is; "" for others
	list             func(ctx context.Context, a *app, w io.Writer, q url.Values) error
	show             func(ctx context.Context, a *app, w io.Writer, name string) error // nil: cannot be shown alone
}

// kinds lists them in the order of the help.
func kinds() []kind {
	return []kind{
		{plural: "assets", singular: "asset", path: "/assets", list: showAssets, show: showAsset},
		{plural: "runs", singular: "run", path: "/runs", list: showRuns, show: showRun},
		{plural: "transfers", singular: "transfer", path: "/transfers", list: showTransfers, show: showTransfer},
		{plural: "deliveries", singular: "delivery", path: "/deliveries", list: showDeliveries, show: showDelivery},
		{plural: "events", singular: "event", path: "/events", list: showEvents},
		{plural: "agents", singular: "agent", path: "/agents", list: showAgents},
		{plural: "functions", singular: "function", path: "/functions", list: showFunctions},
		documents("sites", resources.KindSite),
		documents("locations", resources.KindLocation),
		documents("routes", resources.KindRoute),
		documents("partners", resources.KindPartner),
		documents("webhooks", resources.KindWebhook),
		documents("profiles", resources.KindProfile),
		documents("qcrules", resources.KindQC),
		documents("tieringpolicies", resources.KindTiering),
		documents("workflows", resources.KindWorkflow),
		{plural: "resources", singular: "all", path: "/resources", list: showDocuments},
	}
}

func documents(plural, name string) kind {
	k := kind{plural: plural, singular: strings.ToLower(name), path: "/resources", document: name}
	k.list = func(ctx context.Context, a *app, w io.Writer, q url.Values) error {
		return showDocuments(ctx, a, w, k.query(q))
	}
	k.show = func(ctx context.Context, a *app, w io.Writer, name string) error {
		return showDocument(ctx, a, w, k.singular, name)
	}
	return k
}

// query adds what the API needs to list only this kind.
func (k kind) query(q url.Values) url.Values {
	if k.document != "" {
		q.Set("kind", k.document)
	}
	return q
}

func kindNames() []string {
	var names []string
	for _, k := range kinds() {
		names = append(names, k.plural)
	}
	return names
}

// findKind takes a kind in the plural or the singular.
func findKind(typed string) (kind, error) {
	all := kinds()
	i := slices.IndexFunc(all, func(k kind) bool {
		return strings.EqualFold(typed, k.plural) || strings.EqualFold(typed, k.singular)
	})
	if i < 0 {
		return kind{}, coded(exitUsage, fmt.Errorf("there is no kind %q: write one of %s", typed, strings.Join(kindNames(), ", ")))
	}
	return all[i], nil
}

// list fetches a page and prints it, as a table by row.
func list[T any](ctx context.Context, a *app, w io.Writer, path string, q url.Values, heading string, row func(T) []string) error {
	var page api.Page[T]
	if err := a.client().get(ctx, path, q, &page); err != nil {
		return err
	}
	return a.print(w, page, func(w io.Writer) error {
		rows := make([][]string, len(page.Items))
		for i, item := range page.Items {
			rows[i] = row(item)
		}
		if err := columns(w, heading, rows); err != nil || page.Next == "" {
			return err
		}
		_, err := fmt.Fprintf(w, "more with --after %s\n", page.Next)
		return err
	})
}

func showAssets(ctx context.Context, a *app, w io.Writer, q url.Values) error {
	return list(ctx, a, w, "/assets", q, "ID NAME STATUS SIZE TIER AGE REASON", func(v catalog.Asset) []string {
		return []string{v.ID, v.Name, v.Status, size(v.Size), orDash(v.Tier), age(v.ArrivedAt, time.Now()), cut(orDash(v.Reason), 60)}
	})
}

func showRuns(ctx context.Context, a *app, w io.Writer, q url.Values) error {
	return list(ctx, a, w, "/runs", q, "ID WORKFLOW STATUS ASSET AGE TOOK WAITS-FOR", func(v catalog.Run) []string {
		return []string{v.ID, v.Workflow + " " + v.Version, v.Status, orDash(v.AssetID), age(v.CreatedAt, time.Now()), took(v.CreatedAt, v.EndedAt), cut(waits(v), 60)}
	})
}

func showTransfers(ctx context.Context, a *app, w io.Writer, q url.Values) error {
	return list(ctx, a, w, "/transfers", q, "ID KIND STATUS DONE TOTAL RATE ASSET AGE ERROR", func(v catalog.Transfer) []string {
		return []string{v.ID, v.Kind, v.Status, size(v.Done), size(v.Total), speed(v), orDash(v.AssetID), age(v.CreatedAt, time.Now()), orDash(v.Error)}
	})
}

// speed is the rate of now, or the mean of a transfer that is done. What an earlier run
// had sent, or was found there, is no speed.
func speed(t catalog.Transfer) string {
	bytesPerSecond := t.Rate
	if t.Status == catalog.TransferDone && len(t.Receipts) > 0 {
		bytesPerSecond = float64(sentBy(t)) / max(t.EndedAt.Sub(t.StartedAt).Seconds(), 0.001)
	}
	if bytesPerSecond <= 0 {
		return "-"
	}
	return rate(bytesPerSecond)
}

// sentBy is how many bytes the last run of a transfer that is done has sent, as its
// receipts tell; each file counts once, however many its copies.
func sentBy(t catalog.Transfer) (bytes int64) {
	var receipts []transfer.Receipt
	if json.Unmarshal(t.Receipts, &receipts) != nil {
		return 0
	}
	for _, r := range receipts {
		most := int64(0)
		for _, c := range r.Copies {
			most = max(most, c.SentBytes-c.Resent)
		}
		bytes += most
	}
	return bytes
}

func showDeliveries(ctx context.Context, a *app, w io.Writer, q url.Values) error {
	return list(ctx, a, w, "/deliveries", q, "ID PARTNER STATUS PROFILE PROOF ASSET PLACE AGE", func(v catalog.Delivery) []string {
		return []string{v.ID, v.Partner, v.Status, v.Profile, orDash(v.Proof), v.AssetID, v.Location + ":" + v.Path, age(v.CreatedAt, time.Now())}
	})
}

func showEvents(ctx context.Context, a *app, w io.Writer, q url.Values) error {
	if asset := q.Get("asset"); asset != "" {
		q.Set("subject", asset)
	}
	q.Del("asset")
	if q.Get("after") == "" {
		q.Set("latest", "true")
	}
	return list(ctx, a, w, "/events", q, "SEQ TIME TYPE SUBJECT ABOUT", func(v catalog.Event) []string {
		return []string{fmt.Sprint(v.Seq), v.Time.UTC().Format(time.RFC3339), v.Type, orDash(v.Subject), orDash(about(v))}
	})
}

func showAgents(ctx context.Context, a *app, w io.Writer, _ url.Values) error {
	return list(ctx, a, w, "/agents", nil, "NAME SITE LAST-SEEN", func(v dispatch.Agent) []string {
		return []string{v.Name, v.Site, age(v.LastSeen, time.Now()) + " ago"}
	})
}

func showFunctions(ctx context.Context, a *app, w io.Writer, _ url.Values) error {
	return list(ctx, a, w, "/functions", nil, "NAME SUMMARY", func(v api.FunctionView) []string { return []string{v.Name, v.Summary} })
}

func showDocuments(ctx context.Context, a *app, w io.Writer, q url.Values) error {
	return list(ctx, a, w, "/resources", url.Values{"kind": q["kind"]}, "KIND NAME FILE", func(v resources.Document) []string { return []string{v.Kind, v.Name, v.File} })
}
