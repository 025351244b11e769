package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gantry/configs"
	"gantry/orchestrator/api"
	"gantry/orchestrator/catalog"
	"gantry/orchestrator/dispatch"
	"gantry/orchestrator/hub"
)

// A world is a hub that answers.
type world struct {
	t      *testing.T
	hub    *hub.Hub
	server *httptest.Server
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t}
	dir := t.TempDir()
	w.must(configs.Create(filepath.Join(dir, "resources")))
	var err error
	w.hub, err = hub.Open(t.Context(), hub.Options{Data: dir, Version: "test", Logger: slog.New(slog.DiscardHandler), Now: time.Now})
	w.must(err)
	t.Cleanup(func() {
		if err := w.hub.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	w.serve(w.hub.Handler)
	return w
}

func (w *world) serve(h http.Handler) {
	w.server = httptest.NewServer(h)
	w.t.Cleanup(w.server.Close)
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// ask makes a request; a body that is no bytes goes as JSON.
func (w *world) ask(method, path string, body any) (status int, answer []byte) {
	w.t.Helper()
	var payload io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		payload = bytes.NewReader([]byte(b))
	default:
		data, err := json.Marshal(body)
		w.must(err)
		payload = bytes.NewReader(data)
	}
	request, err := http.NewRequestWithContext(w.t.Context(), method, w.server.URL+path, payload)
	w.must(err)
	if payload != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	return w.send(request)
}

func (w *world) send(request *http.Request) (status int, answer []byte) {
	w.t.Helper()
	response, err := w.server.Client().Do(request)
	w.must(err)
	defer response.Body.Close()
	answer, err = io.ReadAll(response.Body)
	w.must(err)
	return response.StatusCode, answer
}

// get reads an answer that must be good.
func get[T any](w *world, path string) (v T) {
	w.t.Helper()
	status, answer := w.ask(http.MethodGet, path, nil)
	if status != http.StatusOK {
		w.t.Fatalf("GET %s: %d %s", path, status, answer)
	}
	w.must(json.Unmarshal(answer, &v))
	return v
}

// problem reads the detail of an answer that must be a problem document.
func (w *world) problem(status int, answer []byte) string {
	w.t.Helper()
	var p struct {
		Title, Detail string
		Status        int
		Errors        []struct{ Message, Location string }
	}
	if err := json.Unmarshal(answer, &p); err != nil || p.Status != status || p.Title == "" {
		w.t.Errorf("%d is no problem document: %s", status, answer)
	}
	text := p.Detail
	for _, e := range p.Errors {
		text += "\n" + e.Location + " " + e.Message
	}
	return text
}

func (w *world) write(fn func(ctx context.Context, tx catalog.Tx) error) {
	w.t.Helper()
	w.must(w.hub.Store.Write(w.t.Context(), fn))
}

// assets registers some, as old as their number.
func (w *world) assets(names ...string) (ids []string) {
	w.t.Helper()
	began := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	w.write(func(ctx context.Context, tx catalog.Tx) error {
		for i, name := range names {
			id := catalog.NewID(catalog.PrefixAsset, began.Add(time.Duration(i)*time.Second))
			ids = append(ids, id)
			if _, _, err := tx.RegisterAsset(ctx, catalog.Asset{ID: id, Name: name, Site: "local", ArrivalID: id, Status: catalog.AssetArrived}); err != nil {
				return err
			}
		}
		return nil
	})
	return ids
}

// A busy hub cannot take anything.
type busy struct{ err error }

func (b busy) Start(context.Context, string, string, []byte) (string, error) { return "", b.err }
func (b busy) Retry(context.Context, string) (string, error)                 { return "", b.err }
func (b busy) Cancel(context.Context, string, string) error                  { return b.err }

// withRuns is the same hub with others who start runs.
func (w *world) withRuns(runs api.Runs, ready error) *world {
	other := *w
	other.serve(api.New(api.Deps{
		Store: w.hub.Store, Resources: w.hub.Resources, Runs: runs, Metrics: prometheus.NewRegistry(),
		Desk:  &dispatch.Desk{Store: w.hub.Store, Resources: w.hub.Resources, Now: time.Now},
		Ready: func(context.Context) error { return ready },
	}))
	return &other
}
