package objectstore_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"gantry/connectors"
	"gantry/connectors/objectstore"
	"gantry/connectors/objectstore/events"
)

// That a version is gone does not say that the file is: it is looked at before.
func TestVersionsThatAreGone(t *testing.T) {
	message := func(name, version string) string {
		return `{"Records":[{"eventName":"` + name + `","eventTime":"2026-05-01T13:30:00Z","s3":{"bucket":{"name":"bucket"},"object":{"key":"root/clip","versionId":"` + version + `"}}}]}`
	}
	bridge := func(deletion string) string {
		return `{"detail-type":"Object Deleted","time":"2026-05-01T13:30:00Z","detail":{"bucket":{"name":"bucket"},"object":{"key":"root/clip","version-id":"v1"},"deletion-type":"` + deletion + `"}}`
	}
	for what, test := range map[string]struct {
		message string
		status  int // of the answer to who looks
		looks   bool
		removed bool
		kind    connectors.Kind
	}{
		"an old version":               {message("ObjectRemoved:Delete", "v1"), 200, true, false, ""},
		"an old version, by a rule":    {message("LifecycleExpiration:Delete", "v1"), 200, true, false, ""},
		"the last version":             {message("ObjectRemoved:Delete", "v1"), 404, true, true, ""},
		"a marker":                     {message("ObjectRemoved:DeleteMarkerCreated", "v1"), 200, false, true, ""},
		"a marker, by a rule":          {message("s3:LifecycleExpiration:DeleteMarkerCreated", "v1"), 200, false, true, ""},
		"a file where there are none":  {message("ObjectRemoved:Delete", ""), 200, false, true, ""},
		"an old version, EventBridge":  {bridge("Permanently Deleted"), 200, true, false, ""},
		"a marker, EventBridge":        {bridge("Delete Marker Created"), 200, false, true, ""},
		"a version, and nobody knows":  {message("ObjectRemoved:Delete", "v1"), 503, true, false, connectors.KindBusy},
		"a version, and none may look": {message("ObjectRemoved:Delete", "v1"), 403, true, false, connectors.KindPermission},
	} {
		for _, w := range wires {
			looked := false
			p := w.place(t, lying(t, func(rw http.ResponseWriter, r *http.Request) {
				looked = true
				if test.status != http.StatusOK {
					rw.WriteHeader(test.status)
					if r.Method != http.MethodHead {
						_, _ = rw.Write([]byte(errorBody(map[int]string{404: "NoSuchKey", 403: "AccessDenied", 503: "SlowDown"}[test.status])))
					}
					return
				}
				rw.Header().Set("Content-Length", "7")
				rw.Header().Set("ETag", `"current"`)
				rw.Header().Set("Last-Modified", "Thu, 29 Feb 2024 12:00:00 GMT")
			}), nil)
			records, err := events.Parse([]byte(test.message))
			if err != nil || len(records) != 1 {
				t.Fatal(records, err)
			}
			var got []connectors.Event
			err = p.(*objectstore.Place).Tell(t.Context(), "", records, func(_ context.Context, e connectors.Event) error { got = append(got, e); return nil })
			isKind(t, w.name+", "+what, err, test.kind)
			if looked != test.looks {
				t.Errorf("%s, %s: looked: %v", w.name, what, looked)
			}
			if err != nil {
				continue
			}
			if len(got) != 1 || got[0].Removed != test.removed || got[0].Path != "clip" || got[0].At.IsZero() {
				t.Errorf("%s, %s: told of %+v", w.name, what, got)
			} else if !test.removed && (got[0].Size != 7 || !strings.HasPrefix(got[0].Version, "current")) {
				t.Errorf("%s, %s: it is there, as %+v", w.name, what, got[0])
			}
		}
	}
}
