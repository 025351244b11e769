package web

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime/pprof"
	"strings"
	"testing"
	"time"

	"gantry/connectors"
)

// TestNothingGoesOnAfterClose leaves an upload where it is, and closes the place.
func TestNothingGoesOnAfterClose(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }))
	t.Cleanup(s.Close)
	p := openWith(t, s.URL, nil, nil, map[string]string{"writeOnly": "true"})
	up, err := p.Begin(t.Context(), "clip", connectors.UploadOptions{Size: 4 * held})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := up.WritePart(t.Context(), connectors.Part{Number: 1, Size: 2 * held}, bytes.NewReader(make([]byte, 2*held))); err != nil {
		t.Fatal(err)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	for range 100 {
		var b strings.Builder
		_ = pprof.Lookup("goroutine").WriteTo(&b, 1)
		if !strings.Contains(b.String(), "io.(*pipe).read") && !strings.Contains(b.String(), "web.(*wire).start") {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	var b strings.Builder
	_ = pprof.Lookup("goroutine").WriteTo(&b, 1)
	t.Fatal(b.String())
}
