package agent

import (
	"context"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"gantry/connectors"
	"gantry/connectors/local"
	"gantry/transfer"
	"gantry/transfer/agent/wire"
)

// venue is a site with one route from a watched folder to a store.
type venue struct {
	t             *testing.T
	hub           *fakeHub
	in, out, home string
	options       Options
}

func newVenue(t *testing.T) *venue {
	base := t.TempDir()
	v := &venue{t: t, hub: newFakeHub(t), in: filepath.Join(base, "in"), out: filepath.Join(base, "out"), home: filepath.Join(base, "home")}
	for _, dir := range []string{v.in, v.out} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	v.options = venueOptions(v.hub.URL, v.home)
	v.options.Logger = slog.New(slog.NewTextHandler(testWriter{t}, nil))
	v.hub.setConfig(v.config(wire.Route{Name: "ingest", From: "in", To: "out", Settle: wire.Settle{Stable: 0.2}}))
	return v
}

func venueOptions(hub, home string) Options {
	return Options{
		Name: "edge-1", Site: "venue", Hub: hub, Dir: home, Open: openLocal, Version: "test",
		Refresh: 50 * time.Millisecond, Wait: 2 * time.Second, Retry: 20 * time.Millisecond, RetryMax: 200 * time.Millisecond,
		Mend: 100 * time.Millisecond, Engine: transfer.Options{Patience: 200 * time.Millisecond},
	}
}

func openLocal(ctx context.Context, l connectors.Location) (connectors.Place, error) {
	return local.Connector().Open(ctx, l)
}

func (v *venue) config(routes ...wire.Route) wire.Config {
	for i := range routes {
		routes[i].Site = "venue"
	}
	return wire.Config{Routes: routes, Locations: map[string]connectors.Location{"in": folder(v.in), "out": folder(v.out)}}
}

func folder(dir string) connectors.Location { return connectors.Location{URL: "file://" + dir} }

// start runs an agent until the test or the returned function ends it.
func (v *venue) start() (*Agent, func()) {
	v.t.Helper()
	a, err := New(v.options)
	if err != nil {
		v.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	stopped := false
	stop := func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-ended; err != nil {
			v.t.Errorf("Run: %v", err)
		}
	}
	v.t.Cleanup(stop)
	return a, stop
}

func (v *venue) put(name string, content []byte) {
	v.t.Helper()
	writeFile(v.t, filepath.Join(v.in, name), content)
}

func writeFile(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
}

// files reads all that lies below dir.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		rel, _ := filepath.Rel(dir, path)
		all[filepath.ToSlash(rel)] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func noise(size int, seed uint64) []byte {
	data := make([]byte, size)
	r := rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8), byte(seed >> 16)})
	_, _ = r.Read(data)
	return data
}

type testWriter struct{ t *testing.T }

func (w testWriter) Write(p []byte) (int, error) {
	w.t.Logf("%s", p)
	return len(p), nil
}

func (v *venue) hubVersion() string {
	v.hub.mu.Lock()
	defer v.hub.mu.Unlock()
	return v.hub.config.Version
}

// eventually waits for something that nobody announces.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(2 * time.Minute)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("in vain: %s", what)
		}
		time.Sleep(20 * time.Millisecond)
	}
}
