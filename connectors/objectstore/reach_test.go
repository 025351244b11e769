package objectstore_test

import (
	"io"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"gantry/connectors"
)

// A bucket that everybody may read is read without keys, and not written.
func TestPublicBucket(t *testing.T) {
	g, core := gateway(t)
	for _, w := range wires {
		put(t, w.place(t, g.Endpoint, nil), w.name, []byte("frames"))
	}
	policy := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":["s3:GetObject","s3:ListBucket"],"Resource":["arn:aws:s3:::bucket","arn:aws:s3:::bucket/*"]}]}`
	if err := core.SetBucketPolicy(t.Context(), "bucket", policy); err != nil {
		t.Fatal(err)
	}
	for _, w := range wires {
		p := w.place(t, g.Endpoint, map[string]string{"anonymous": "true", "accessKey": "", "secretKey": ""})
		if got, err := read(p, t.Context(), w.name, 0, -1); got != "frames" {
			t.Errorf("%s reads %q, %v", w.name, got, err)
		}
		if paths, err := list(t.Context(), p, ""); len(paths) == 0 || err != nil {
			t.Errorf("%s lists %q, %v", w.name, paths, err)
		}
		up, whole, err := upload(t.Context(), p, "new", []byte("x"), connectors.UploadOptions{})
		if err != nil {
			t.Fatal(err)
		}
		_, err = up.Commit(t.Context(), whole)
		isKind(t, w.name+", write", err, connectors.KindPermission)
		_, err = can[connectors.Tagger](t, p).Tags(t.Context(), w.name)
		isKind(t, w.name+", tags", err, connectors.KindPermission)
		// What may not be asked is a fact, and no error.
		if d, err := can[connectors.Describer](t, p).Describe(t.Context()); err != nil || !contains(d.Features, "versioning not told (AccessDenied)") {
			t.Errorf("%s: %+v, %v", w.name, d, err)
		}
	}
}

// A store that accepts a connection and says nothing.
func TestStalls(t *testing.T) {
	for _, w := range wires {
		quiet := make(chan struct{})
		p := w.place(t, lying(t, func(http.ResponseWriter, *http.Request) { <-quiet }), map[string]string{"timeout": "300ms"})
		began := time.Now()
		_, err := p.Stat(t.Context(), "clip")
		isKind(t, w.name, err, connectors.KindTimeout)
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("%s: it took %v", w.name, took)
		}
		close(quiet)
	}
}

// The option connections bounds what is open at once.
func TestConnections(t *testing.T) {
	for _, w := range wires {
		var open, most atomic.Int32
		p := w.place(t, lying(t, func(rw http.ResponseWriter, r *http.Request) {
			most.Store(max(most.Load(), open.Add(1)))
			defer open.Add(-1)
			rw.Header().Set("Last-Modified", "Thu, 29 Feb 2024 12:00:00 GMT")
			rw.Header().Set("ETag", `"e"`)
			_, _ = io.WriteString(rw, "x")
		}), map[string]string{"connections": "2"})
		failed := make(chan error)
		for range 8 {
			go func() {
				_, err := p.Stat(t.Context(), "clip")
				failed <- err
			}()
		}
		for range 8 {
			if err := <-failed; err != nil {
				t.Errorf("%s: %v", w.name, err)
			}
		}
		if most.Load() > 2 {
			t.Errorf("%s had %d at once", w.name, most.Load())
		}
	}
}

// A clock that is wrong is told by how much.
func TestClockSkew(t *testing.T) {
	for _, w := range wires {
		p := w.place(t, lying(t, func(rw http.ResponseWriter, r *http.Request) {
			rw.Header().Set("Date", time.Now().Add(2*time.Hour).UTC().Format(http.TimeFormat))
			rw.WriteHeader(http.StatusForbidden)
			if r.Method != http.MethodHead {
				_, _ = io.WriteString(rw, errorBody("RequestTimeTooSkewed"))
			}
		}), nil)
		_, err := can[connectors.Tagger](t, p).Tags(t.Context(), "clip")
		isKind(t, w.name+", tags", err, connectors.KindAuth, "set this machine's clock: it is 2h0m0s behind the store's")
		_, err = p.Stat(t.Context(), "clip")
		isKind(t, w.name+", stat", err, connectors.KindAuth, "set this machine's clock")
		_, err = list(t.Context(), p, "")
		isKind(t, w.name+", list", err, connectors.KindAuth, "set this machine's clock")
	}
}
