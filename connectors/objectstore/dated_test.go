package objectstore_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"gantry/connectors"
)

// A store that has no ETag of an object has its size and time: the answer that brings all
// of it shows whether they are those of the listing.
func TestAllOfAnObjectWithoutAnETagIsOpenedByItsTime(t *testing.T) {
	t.Setenv("TEST_ACCESS_KEY", "key")
	t.Setenv("TEST_SECRET_KEY", "secret")
	at := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	told, etag, body := at, "", "what is in the store"
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked++
		if !told.IsZero() {
			w.Header().Set("Last-Modified", told.Format(http.TimeFormat))
		}
		if etag != "" {
			w.Header().Set("ETag", etag)
		}
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(server.Close)
	for _, wire := range wires {
		pinner, ok := connectors.As[connectors.DatedPinner](wire.place(t, server.URL, nil))
		if !ok {
			t.Fatalf("%s pins nothing by its time", wire.name)
		}
		open := func(offset, length int64) error {
			r, err := pinner.OpenAs(t.Context(), connectors.Entry{Path: "clip", Size: 20, ModTime: at}, offset, length)
			if err == nil {
				defer r.Close()
				_, err = io.ReadAll(r)
			}
			return err
		}
		asked = 0
		if err := open(0, 20); err != nil || asked != 1 {
			t.Errorf("%s: %v after %d requests", wire.name, err, asked)
		}
		isKind(t, wire.name, open(0, 10), connectors.KindInvalid, "no version")
		told = at.Add(time.Second)
		isKind(t, wire.name, open(0, 20), connectors.KindChanged, "by now")
		told = time.Time{}
		isKind(t, wire.name, open(0, 20), connectors.KindChanged, "by now")
		told, etag = at, `"v2"`
		isKind(t, wire.name, open(0, 20), connectors.KindChanged, "by now")
		etag, body = "", "shorter"
		isKind(t, wire.name, open(0, 20), connectors.KindChanged, "by now")
		told, etag, body = at, "", "what is in the store"
	}
}
