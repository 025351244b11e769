package objectstore_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"gantry/connectors"
)

// A store that asks to slow down may say for how long.
func TestHowLongToWait(t *testing.T) {
	for value, want := range map[string]time.Duration{
		"":                              0,
		"7":                             7 * time.Second,
		"-7":                            0,
		"86400":                         time.Hour,
		"Thu, 29 Feb 2024 12:00:30 GMT": 30 * time.Second,
		"Thu, 29 Feb 2024 11:00:00 GMT": 0,
		"soon":                          0,
	} {
		for _, wire := range wires {
			p := wire.place(t, lying(t, func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				w.Header().Set("Date", "Thu, 29 Feb 2024 12:00:00 GMT")
				w.Header().Set("Retry-After", value)
				w.WriteHeader(http.StatusServiceUnavailable)
				if r.Method != http.MethodHead {
					_, _ = io.WriteString(w, errorBody("SlowDown"))
				}
			}), nil)
			for call, err := range map[string]error{
				"list": func() error { _, err := list(t.Context(), p, ""); return err }(),
				"stat": func() error { _, err := p.Stat(t.Context(), "x"); return err }(),
				"put": func() error {
					up, whole, err := upload(t.Context(), p, "x", []byte("small"), connectors.UploadOptions{})
					if err != nil {
						return err
					}
					_, err = up.Commit(t.Context(), whole)
					return err
				}(),
				"begin": func() error { _, err := p.Begin(t.Context(), "x", connectors.UploadOptions{Size: -1}); return err }(),
				"copy":  func() error { _, err := p.(connectors.Copier).Copy(t.Context(), "x", "y"); return err }(),
			} {
				var e *connectors.Error
				if !errors.As(err, &e) || e.Kind != connectors.KindBusy || e.After != want {
					t.Errorf("%s, %s, %q: %v, after %v; want %v", wire.name, call, value, err, e.After, want)
				}
			}
		}
	}
}

// S3 answers 409 to one of two exclusive writers: its upload has to begin again.
func TestTwoWritersAtOnce(t *testing.T) {
	for _, wire := range wires {
		aborted := false
		p := wire.place(t, multipartServer(t, func(w http.ResponseWriter, r *http.Request) bool {
			switch {
			case r.Method == http.MethodDelete:
				aborted = true
			case r.Method == http.MethodPost && r.URL.Query().Has("uploadId"):
				if r.Header.Get("If-None-Match") != "*" {
					t.Errorf("%s: the commit is not conditional", wire.name)
				}
				w.WriteHeader(http.StatusConflict)
				_, _ = io.WriteString(w, errorBody("ConditionalRequestConflict"))
				return true
			}
			return false
		}), nil)
		up, whole, err := upload(t.Context(), p, "clip", big(), connectors.UploadOptions{Exclusive: true})
		if err != nil {
			t.Fatal(err)
		}
		_, err = up.Commit(t.Context(), whole)
		isKind(t, wire.name+", once", err, connectors.KindBusy)
		if aborted {
			t.Errorf("%s: aborted after one conflict", wire.name)
		}
		_, err = up.Commit(t.Context(), whole)
		isKind(t, wire.name+", twice", err, connectors.KindNotFound, "begin again")
		if !aborted {
			t.Errorf("%s: the upload is left behind", wire.name)
		}
	}
}

// Cloudflare R2 wants equal parts, and says so when all are sent.
func TestEqualParts(t *testing.T) {
	for _, wire := range wires {
		for option, equal := range map[string]bool{"auto": false, "true": true, "false": false} {
			completed := 0
			p := wire.place(t, multipartServer(t, func(w http.ResponseWriter, r *http.Request) bool {
				if r.Method == http.MethodHead {
					w.Header().Set("Content-Length", fmt.Sprint(3*partSize))
					w.Header().Set("Last-Modified", "Thu, 29 Feb 2024 12:00:00 GMT")
					w.Header().Set("ETag", `"e"`)
				} else if r.Method == http.MethodPost && r.URL.Query().Has("uploadId") {
					completed++
				}
				return r.Method == http.MethodHead
			}), map[string]string{"equalParts": option})
			if p.Traits().EqualParts != equal {
				t.Errorf("%s, %s: traits say %v", wire.name, option, p.Traits().EqualParts)
			}
			up, _, err := upload(t.Context(), p, "clip", big(), connectors.UploadOptions{})
			if err != nil {
				t.Fatal(err)
			}
			whole := connectors.Whole{Size: 3 * partSize, Parts: []connectors.Part{
				{Number: 1, Size: partSize, ETag: "e", Digests: crc(nil)},
				{Number: 2, Offset: partSize, Size: partSize + 1, ETag: "e", Digests: crc(nil)},
				{Number: 3, Offset: 2*partSize + 1, Size: partSize - 1, ETag: "e", Digests: crc(nil)},
			}}
			_, err = up.Commit(t.Context(), whole)
			if equal {
				isKind(t, wire.name, err, connectors.KindInvalid, "equal parts")
			} else if err != nil {
				t.Errorf("%s, %s: %v", wire.name, option, err)
			}
			if (completed == 0) != equal {
				t.Errorf("%s, %s: asked to complete %d times", wire.name, option, completed)
			}
		}
	}
}
