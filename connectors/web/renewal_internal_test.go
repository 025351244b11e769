package web

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gantry/connectors"
)

// TestGrantsAreRenewedWhileTheyAreUsed is for the race detector.
func TestGrantsAreRenewedWhileTheyAreUsed(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("clip")) }))
	t.Cleanup(s.Close)
	began := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	name := filepath.Join(t.TempDir(), "grant.json")
	var second atomic.Int64
	renew := func(seconds int64) {
		text := fmt.Sprintf(`{"path":"clip","get":"%s/x","expires":"%s"}`, s.URL, began.Add(time.Duration(seconds)*time.Second).Format(time.RFC3339))
		if err := os.WriteFile(name+".new", []byte(text), 0o600); err != nil {
			t.Error(err)
		}
		if err := os.Rename(name+".new", name); err != nil {
			t.Error(err)
		}
	}
	renew(1)
	now := func() time.Time { return began.Add(time.Duration(second.Load()) * time.Second) }
	p, err := open(t.Context(), connectors.Location{URL: s.URL, Options: map[string]string{"grant": "file:" + name}}, surroundings{now: now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })

	ctx, stop := context.WithCancel(t.Context())
	var group sync.WaitGroup
	group.Go(func() {
		for ctx.Err() == nil {
			for range p.List(t.Context(), "") {
			}
		}
	})
	for i := range int64(50) {
		renew(i + 2)
		second.Store(i + 1)
		if _, err := p.Stat(t.Context(), "clip"); err != nil {
			t.Error(err)
		}
	}
	stop()
	group.Wait()
}
