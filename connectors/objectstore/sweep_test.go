package objectstore_test

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"gantry/connectors"
)

func unfinished(t *testing.T, p connectors.Place, prefix string) ([]connectors.Unfinished, error) {
	t.Helper()
	var all []connectors.Unfinished
	for u, err := range can[connectors.Sweeper](t, p).Unfinished(t.Context(), prefix) {
		if err != nil {
			return all, err
		}
		all = append(all, u)
	}
	return all, nil
}

// Three begin, one is committed, one aborted: one is left, and can be taken up or
// discarded.
func TestUnfinishedUploads(t *testing.T) {
	g, _ := gateway(t)
	data := big()
	for _, w := range wires {
		p := w.place(t, g.Endpoint, nil)
		sweeper := can[connectors.Sweeper](t, p)
		var left connectors.Upload
		for _, path := range []string{"day/committed", "day/aborted", "day/left behind+ä"} {
			up, whole, err := upload(t.Context(), p, path, data, connectors.UploadOptions{})
			if err != nil {
				t.Fatal(err)
			}
			switch path {
			case "day/committed":
				_, err = up.Commit(t.Context(), whole)
			case "day/aborted":
				err = up.Abort(t.Context())
			default:
				left = up
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		for _, prefix := range []string{"", "day", "day/left behind+ä"} {
			all, err := unfinished(t, p, prefix)
			if err != nil || len(all) != 1 {
				t.Fatalf("%s, %q: %+v, %v", w.name, prefix, all, err)
			}
			if u := all[0]; u.Path != "day/left behind+ä" || u.ID != left.ID() || u.Size != int64(len(data)) || time.Since(u.Began) > time.Hour {
				t.Errorf("%s: %+v", w.name, u)
			}
		}
		for _, prefix := range []string{"da", "day/left", "x"} {
			if all, err := unfinished(t, p, prefix); err != nil || len(all) != 0 {
				t.Errorf("%s, %q: %+v, %v", w.name, prefix, all, err)
			}
		}
		all, _ := unfinished(t, p, "")
		for range 2 {
			if err := sweeper.Discard(t.Context(), all[0]); err != nil {
				t.Errorf("%s: discard: %v", w.name, err)
			}
		}
		if all, err := unfinished(t, p, ""); err != nil || len(all) != 0 {
			t.Errorf("%s, afterwards: %+v, %v", w.name, all, err)
		}
		isKind(t, w.name+", an upload in memory", sweeper.Discard(t.Context(), connectors.Unfinished{Path: "x", ID: "single"}), connectors.KindInvalid)
	}
}

func uploadsPage(next string, keys ...string) string {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?><ListMultipartUploadsResult><EncodingType>url</EncodingType>`)
	for _, key := range keys {
		fmt.Fprintf(&b, `<Upload><Key>%s</Key><UploadId>id of %s</UploadId><Initiated>2024-02-29T12:00:00.000Z</Initiated></Upload>`, key, key)
	}
	if next != "" {
		fmt.Fprintf(&b, `<IsTruncated>true</IsTruncated><NextKeyMarker>%s</NextKeyMarker><NextUploadIdMarker>id of %s</NextUploadIdMarker>`, next, next)
	}
	b.WriteString(`</ListMultipartUploadsResult>`)
	return b.String()
}

func TestPagesOfUploads(t *testing.T) {
	for what, test := range map[string]struct {
		pages  map[string]string // by key marker
		parts  int               // status of the answer when parts are asked for
		paths  []string
		size   int64
		kind   connectors.Kind
		passed string
	}{
		"two pages":         {map[string]string{"": uploadsPage("root/a%2B", "root/a%2B"), "root/a+": uploadsPage("", "root/b")}, 200, []string{"a+", "b"}, 7, "", ""},
		"pages that loop":   {map[string]string{"": uploadsPage("root/a", "root/a"), "root/a": uploadsPage("root/a", "root/b")}, 200, []string{"a", "b"}, 7, connectors.KindIncomplete, ""},
		"more, but not how": {map[string]string{"": strings.Replace(uploadsPage("", "root/a"), "</List", "<IsTruncated>true</IsTruncated></List", 1)}, 200, []string{"a"}, 7, connectors.KindIncomplete, ""},
		"one gone since":    {map[string]string{"": uploadsPage("", "root/a")}, 404, nil, 0, "", ""},
		"parts are secret":  {map[string]string{"": uploadsPage("", "root/a")}, 403, []string{"a"}, -1, "", ""},
		"parts are busy":    {map[string]string{"": uploadsPage("", "root/a")}, 503, nil, 0, connectors.KindBusy, ""},
		"no path":           {map[string]string{"": uploadsPage("", "root/%2E%2E/a", "root/b")}, 200, []string{"b"}, 7, "", "root/../a"},
		"not below us":      {map[string]string{"": uploadsPage("", "rooted/a")}, 200, nil, 0, "", ""},
		"an error":          {map[string]string{"": errorBody("InternalError")}, 200, nil, 0, connectors.KindUnavailable, ""},
	} {
		for _, wire := range wires {
			t.Run(wire.name+"/"+what, func(t *testing.T) {
				p := wire.place(t, lying(t, func(w http.ResponseWriter, r *http.Request) {
					query := r.URL.Query()
					switch {
					case query.Has("uploads"):
						_, _ = io.WriteString(w, test.pages[query.Get("key-marker")])
					case test.parts == 200:
						_, _ = io.WriteString(w, `<ListPartsResult><Part><PartNumber>1</PartNumber><Size>7</Size><ETag>"e"</ETag></Part></ListPartsResult>`)
					default:
						w.WriteHeader(test.parts)
						_, _ = io.WriteString(w, errorBody(map[int]string{403: "AccessDenied", 404: "NoSuchUpload", 503: "SlowDown"}[test.parts]))
					}
				}), nil)
				passed := ""
				ctx := connectors.WithPassedOver(t.Context(), func(name string, _ error) { passed = name })
				var paths []string
				var failed error
				for u, err := range can[connectors.Sweeper](t, p).Unfinished(ctx, "") {
					if err != nil {
						failed = err
						break
					}
					paths = append(paths, u.Path)
					if u.Size != test.size || !strings.HasPrefix(u.ID, "id of root/") {
						t.Errorf("%+v", u)
					}
				}
				isKind(t, "list", failed, test.kind)
				if !slices.Equal(paths, test.paths) || passed != test.passed {
					t.Errorf("listed %q, passed over %q", paths, passed)
				}
			})
		}
	}
}
