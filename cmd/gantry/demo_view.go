package main

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"gantry/orchestrator/api"
	"gantry/orchestrator/catalog"
	"gantry/orchestrator/dispatch"
)

// A view shows what happens, by asking the API as any user could: a line for each
// change, and how far the step under way is.
type view struct {
	demo     *demo
	client   *client
	terminal bool
	began    time.Time
	seen     map[string]string // what was last said of each thing
	live     string            // the line that is rewritten
	lastLive time.Time
}

func newView(d *demo) *view {
	f, ok := d.out.(*os.File)
	return &view{demo: d, client: d.client(), terminal: ok && term.IsTerminal(int(f.Fd())), began: time.Now(), seen: map[string]string{}}
}

// follow returns when all assets have come to their end.
func (v *view) follow(ctx context.Context, assets int, recorded <-chan error) error {
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		done, err := v.look(ctx)
		if err != nil {
			return err
		}
		if done >= assets {
			v.clear()
			return nil
		}
		select {
		case err := <-recorded:
			if err != nil {
				return err
			}
			recorded = nil
		case err := <-v.demo.node.ended:
			v.demo.node.ended <- err
			return fmt.Errorf("the hub or the agent ended by itself: %w", err)
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// look asks once, says what is new, and counts the assets at their end.
func (v *view) look(ctx context.Context) (done int, err error) {
	var moves api.Page[catalog.Transfer]
	if err := v.client.get(ctx, "/transfers", url.Values{"status": {"queued,leased,moving,failed"}}, &moves); err != nil {
		return 0, err
	}
	var assets api.Page[catalog.Asset]
	if err := v.client.get(ctx, "/assets", nil, &assets); err != nil {
		return 0, err
	}
	var growing api.Page[dispatch.Recording]
	if err := v.client.get(ctx, "/recordings", nil, &growing); err != nil {
		return 0, err
	}
	live := ""
	for _, r := range growing.Items {
		live = fmt.Sprintf("%s: recording, %s so far", r.Path, size(r.Size))
	}
	for _, t := range moves.Items {
		live = v.transfer(t, live)
	}
	for _, a := range assets.Items {
		v.change(a.ID, "arrived", fmt.Sprintf("%s: moved to the hot store and verified, %s, xxh128 %s", a.Name, size(a.Size), a.Digests["xxh128"]))
		now, err := v.runs(ctx, a)
		if err != nil {
			return 0, err
		}
		if live == "" {
			live = now
		}
		if ended(a) {
			v.change(a.ID+"/end", a.Status, fmt.Sprintf("%s: %s %s", a.Name, a.Status, a.Reason))
			done++
		}
	}
	v.show(live)
	return done, nil
}

func ended(a catalog.Asset) bool {
	switch a.Status {
	case catalog.AssetPublished, catalog.AssetReady, catalog.AssetQuarantined, catalog.AssetFailed:
		return true
	}
	return false
}

func (v *view) transfer(t catalog.Transfer, live string) string {
	if t.Error != "" {
		v.change(t.ID, t.Error, fmt.Sprintf("%s waits: %s", t.Kind, t.Error))
	}
	if t.Status == catalog.TransferMoving || t.Status == catalog.TransferLeased {
		return strings.TrimSpace(fmt.Sprintf("%s: %s of %s %s %s", t.Kind, size(t.Done), size(t.Total), rateIfAny(t.Rate), t.Phase))
	}
	return live
}

func rateIfAny(bytesPerSecond float64) string {
	if bytesPerSecond == 0 {
		return ""
	}
	return rate(bytesPerSecond)
}

// runs says which steps of the asset's runs have changed.
func (v *view) runs(ctx context.Context, a catalog.Asset) (live string, err error) {
	var page api.Page[catalog.Run]
	if err := v.client.get(ctx, "/runs", url.Values{"asset": {a.ID}}, &page); err != nil {
		return "", err
	}
	for _, r := range page.Items {
		var run api.RunView
		if err := v.client.get(ctx, "/runs/"+url.PathEscape(r.ID), nil, &run); err != nil {
			return "", err
		}
		for _, s := range run.Steps {
			if s.Function == "" {
				continue
			}
			name := stepName(s)
			if s.Open() {
				if note := progressNote(s.Progress); note != "" {
					live = fmt.Sprintf("%s: %s %s", a.Name, name, note)
				}
				continue
			}
			text := fmt.Sprintf("%s: %s %s in %s", a.Name, name, s.Status, took(s.StartedAt, s.EndedAt))
			if note := stepNote(s, nil); note != "" {
				text += ": " + note
			}
			v.change(s.RunID+s.Key, s.Status, text)
		}
	}
	return live, nil
}

// stepName tells what a step does where its name tells only for whom.
func stepName(s catalog.Step) string {
	if s.Name == s.Function {
		return s.Name
	}
	return s.Name + " (" + s.Function + ")"
}

// change says a thing once.
func (v *view) change(what, state, text string) {
	if v.seen[what] == state {
		return
	}
	v.seen[what] = state
	v.clear()
	fmt.Fprintf(v.demo.out, "%7.1fs  %s\n", time.Since(v.began).Seconds(), printable(strings.TrimSpace(text)))
}

// show rewrites the last line on a terminal; elsewhere it says it every two
// seconds.
func (v *view) show(text string) {
	if text == "" {
		return
	}
	if v.terminal {
		v.live = text
		fmt.Fprintf(v.demo.out, "\r\x1b[K%7.1fs  … %s", time.Since(v.began).Seconds(), cut(printable(text), 100))
		return
	}
	if time.Since(v.lastLive) > 2*time.Second {
		v.lastLive = time.Now()
		fmt.Fprintf(v.demo.out, "%7.1fs  … %s\n", time.Since(v.began).Seconds(), printable(text))
	}
}

func (v *view) clear() {
	if v.live != "" {
		fmt.Fprint(v.demo.out, "\r\x1b[K")
		v.live = ""
	}
}
