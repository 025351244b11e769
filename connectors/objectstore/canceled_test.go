package objectstore_test

import (
	"context"
	"net/http"
	"sync/atomic"
	"testing"

	"gantry/connectors"
)

// Once its context has ended, a call asks the store for nothing more.
func TestCallsThatWereCancelledBeforeAskNothing(t *testing.T) {
	for _, wire := range wires {
		var ended atomic.Bool
		p := wire.place(t, multipartServer(t, func(_ http.ResponseWriter, r *http.Request) bool {
			if ended.Load() {
				t.Errorf("%s asks %s %s", wire.name, r.Method, r.URL)
			}
			return false
		}), nil)
		data := big()
		up, whole, err := upload(t.Context(), p, "clip", data, connectors.UploadOptions{})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		ended.Store(true)
		_, err = up.Commit(ctx, whole)
		isKind(t, wire.name+", commit", err, connectors.KindCanceled)
		_, err = write(ctx, up, data, cut(data)[1])
		isKind(t, wire.name+", write part", err, connectors.KindCanceled)
		_, err = p.Begin(ctx, "other", connectors.UploadOptions{Size: int64(len(data))})
		isKind(t, wire.name+", begin", err, connectors.KindCanceled)
		isKind(t, wire.name+", remove", p.Remove(ctx, "clip"), connectors.KindCanceled)
	}
}
