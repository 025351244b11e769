package objectstore_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"gantry/connectors"
	"gantry/connectors/objectstore"
)

// strict is a store that refuses requests whose time is not about that of its clock.
func strict(clock func() time.Time, requests *[]string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		*requests = append(*requests, r.Method+" "+string(body))
		w.Header().Set("Date", clock().UTC().Format(http.TimeFormat))
		stamp, _ := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
		if clock().Sub(stamp).Abs() > 15*time.Minute {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		w.Header().Set("Last-Modified", "Mon, 02 Jan 2006 15:04:05 GMT")
	}
}

func line(now func() time.Time, server *httptest.Server) *objectstore.Line {
	l := &objectstore.Line{
		Transport: server.Client().Transport, Now: now,
		Keys: func(context.Context) (objectstore.Keys, error) {
			return objectstore.Keys{Access: "a", Secret: "s"}, nil
		},
	}
	l.Signer.Service, l.Signer.Region = "s3", "us-east-1"
	return l
}

func do(t *testing.T, l *objectstore.Line, method, url, body string) (*http.Response, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := l.Do(r, objectstore.UnsignedPayload)
	if err == nil {
		_ = resp.Body.Close()
	}
	return resp, err
}

// The first refusal teaches the store's clock, also that of a request with a body and
// of one whose answer has none.
func TestAStoreWithAnotherClockIsServedByIt(t *testing.T) {
	t.Parallel()
	for _, ahead := range []time.Duration{-16 * time.Minute, 3 * time.Hour} {
		now := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
		for _, method := range []string{http.MethodHead, http.MethodPut} {
			var requests []string
			server := httptest.NewServer(strict(func() time.Time { return now.Add(ahead) }, &requests))
			l := line(func() time.Time { return now }, server)
			for range 2 {
				if _, err := do(t, l, method, server.URL+"/b/clip", "data"); err != nil {
					t.Fatal(err)
				}
			}
			if len(requests) != 3 || requests[0] != requests[1] || requests[1] != requests[2] {
				t.Errorf("%v %s: %q", ahead, method, requests)
			}
			server.Close()
		}
	}
}

// A refusal that is not about the time does not change it.
func TestAWrongDateOfARefusalIsNotBelieved(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	var stamps []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		stamps = append(stamps, r.Header.Get("X-Amz-Date"))
		w.Header().Set("Date", now.Add(24*time.Hour).Format(http.TimeFormat))
		w.WriteHeader(http.StatusForbidden)
	}))
	defer server.Close()
	l := line(func() time.Time { return now }, server)
	for range 2 {
		if _, err := do(t, l, http.MethodGet, server.URL+"/b/clip", ""); err == nil {
			t.Fatal("a refusal was no error")
		}
	}
	if len(stamps) != 4 || stamps[0] != stamps[2] || stamps[0] == stamps[1] {
		t.Errorf("%q", stamps)
	}
}

// 307 and 308 are followed under the store's own name, with a signature for the new
// address, and to nobody else.
func TestARedirectIsFollowedToTheSameStoreAlone(t *testing.T) {
	stranger := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a stranger was asked") }))
	defer stranger.Close()
	for _, status := range []int{http.StatusTemporaryRedirect, http.StatusPermanentRedirect} {
		var asked []string
		signatures := map[string]bool{}
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			asked, signatures[r.Header.Get("Authorization")] = append(asked, r.URL.Path+" "+string(body)), true
			switch r.URL.Path {
			case "/b/clip":
				w.Header().Set("Location", "/moved/clip")
				w.WriteHeader(status)
			case "/b/away":
				w.Header().Set("Location", stranger.URL+"/b/away")
				w.WriteHeader(status)
			}
		}))
		l := line(time.Now, server)
		if _, err := do(t, l, http.MethodPut, server.URL+"/b/clip", "data"); err != nil {
			t.Error(err)
		}
		if strings.Join(asked, ", ") != "/b/clip data, /moved/clip data" || len(signatures) != 2 {
			t.Errorf("%d: %q, %d signatures", status, asked, len(signatures))
		}
		if _, err := do(t, l, http.MethodPut, server.URL+"/b/away", "data"); err == nil {
			t.Error("a redirect to a stranger is no error")
		}
		server.Close()
	}
	for _, wire := range wires {
		p := wire.place(t, lying(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", stranger.URL+r.URL.Path)
			w.WriteHeader(http.StatusTemporaryRedirect)
		}), nil)
		_, err := p.Stat(t.Context(), "clip")
		isKind(t, wire.name, err, connectors.KindInvalid, "set the option endpoint to it")
	}
}
