package objectstore_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	"github.com/minio/minio-go/v7"

	"gantry/connectors"
)

const someXXH = "0123456789abcdef0123456789abcdef"

// forgetful passes everything on to a store, and of its answers everything but the
// checksums.
func forgetful(t *testing.T, endpoint string) string {
	t.Helper()
	to, err := url.Parse(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(&httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(to)
			r.Out.Host = r.In.Host // which is signed
		},
		ModifyResponse: func(r *http.Response) error {
			for name := range r.Header {
				if strings.HasPrefix(name, "X-Amz-Checksum-") {
					r.Header.Del(name)
				}
			}
			return nil
		},
	})
	t.Cleanup(server.Close)
	return server.URL
}

// A store that keeps no digest is given our word instead. It never looks like the
// store's own.
func TestStatedDigests(t *testing.T) {
	g, core := gateway(t)
	endpoint := forgetful(t, g.Endpoint)
	for _, w := range wires {
		p := w.place(t, endpoint, map[string]string{"checksum": "none", "tags": "project=cup"})
		for name, data := range map[string][]byte{"small": []byte("small"), "large": big()} {
			path := w.name + "/" + name
			up, whole, err := upload(t.Context(), p, path, data, connectors.UploadOptions{})
			if err != nil {
				t.Fatal(err)
			}
			whole.Digests[connectors.XXH128] = someXXH
			committed, err := up.Commit(t.Context(), whole)
			if err != nil {
				t.Fatal(err)
			}
			again, err := p.Stat(t.Context(), path)
			if err != nil {
				t.Fatal(err)
			}
			for what, entry := range map[string]connectors.Entry{"commit": committed, "stat": again} {
				if len(entry.Digests) > 0 {
					t.Errorf("%s, %s: our word is given as the store's: %v", path, what, entry.Digests)
				}
				if common, equal := entry.Stated.Agree(whole.Digests); common != 2 || !equal {
					t.Errorf("%s, %s: stated %v; want %v", path, what, entry.Stated, whole.Digests)
				}
			}
			hashed, err := can[connectors.Hasher](t, p).Hash(t.Context(), path, connectors.XXH128)
			if err != nil || len(hashed) != 0 {
				t.Errorf("%s: the store is said to vouch for %v, %v", path, hashed, err)
			}
			tags, err := can[connectors.Tagger](t, p).Tags(t.Context(), path)
			if err != nil || tags["project"] != "cup" {
				t.Errorf("%s: the location's tags are lost: %v, %v", path, tags, err)
			}
		}
		// Who writes something else leaves no statement behind, and a tag that was
		// carried over is not believed.
		path := "root/" + w.name + "/large"
		if _, err := core.PutObject(t.Context(), "bucket", path, strings.NewReader("other"), 5, "", "", minio.PutObjectOptions{
			UserTags: map[string]string{"gantry-digests": "xxh128:" + someXXH + " etag:e-2"}, DisableContentSha256: true,
		}); err != nil {
			t.Fatal(err)
		}
		if entry, err := p.Stat(t.Context(), w.name+"/large"); err != nil || len(entry.Stated) > 0 {
			t.Errorf("%s: stated of what was overwritten: %+v, %v", w.name, entry, err)
		}
	}
}

// A store that takes no tags, or not from us, is asked once, and the files are
// committed all the same.
func TestStoresWithoutTags(t *testing.T) {
	for _, wire := range wires {
		for _, code := range []string{"NotImplemented", "AccessDenied"} {
			asked := 0
			p := wire.place(t, multipartServer(t, func(w http.ResponseWriter, r *http.Request) bool {
				switch {
				case r.URL.Query().Has("tagging"):
					asked++
					w.WriteHeader(map[string]int{"NotImplemented": 501, "AccessDenied": 403}[code])
					_, _ = io.WriteString(w, errorBody(code))
				case r.Method == http.MethodHead:
					w.Header().Set("Content-Length", "5")
					w.Header().Set("Last-Modified", "Thu, 29 Feb 2024 12:00:00 GMT")
					w.Header().Set("ETag", `"e"`)
				case r.Method == http.MethodPut:
					w.Header().Set("ETag", `"e"`)
				default:
					return false
				}
				return true
			}), nil)
			for range 3 {
				up, whole, err := upload(t.Context(), p, "clip", []byte("small"), connectors.UploadOptions{})
				if err != nil {
					t.Fatal(err)
				}
				if entry, err := up.Commit(t.Context(), whole); err != nil || len(entry.Stated) > 0 {
					t.Errorf("%s, %s: %+v, %v", wire.name, code, entry, err)
				}
			}
			if asked != 1 {
				t.Errorf("%s, %s: asked %d times", wire.name, code, asked)
			}
		}
	}
}
