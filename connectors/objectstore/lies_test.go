package objectstore_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"gantry/connectors"
)

// These servers do what a real one does only on its worst day.

func lying(t *testing.T, answer http.HandlerFunc) string {
	t.Helper()
	t.Setenv("TEST_ACCESS_KEY", "key")
	t.Setenv("TEST_SECRET_KEY", "secret")
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	return server.URL
}

func errorBody(code string) string {
	return `<?xml version="1.0" encoding="UTF-8"?><Error><Code>` + code + `</Code><Message>so it says</Message></Error>`
}

func page(token string, truncated bool, keys ...string) string {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?><ListBucketResult><Name>bucket</Name><EncodingType>url</EncodingType>`)
	for _, key := range keys {
		fmt.Fprintf(&b, `<Contents><Key>%s</Key><Size>1</Size><ETag>"e"</ETag><LastModified>2024-02-29T12:00:00.000Z</LastModified></Contents>`, key)
	}
	fmt.Fprintf(&b, `<IsTruncated>%v</IsTruncated>`, truncated)
	if token != "" {
		fmt.Fprintf(&b, `<NextContinuationToken>%s</NextContinuationToken>`, token)
	}
	b.WriteString(`</ListBucketResult>`)
	return b.String()
}

func TestListingsThatAreNotWhole(t *testing.T) {
	first := page("two", true, "root/a", "root/b")
	for what, test := range map[string]struct {
		second func(w http.ResponseWriter)
		kind   connectors.Kind
	}{
		"page two is page one":       {func(w http.ResponseWriter) { _, _ = io.WriteString(w, first) }, connectors.KindIncomplete},
		"an empty page leads back":   {func(w http.ResponseWriter) { _, _ = io.WriteString(w, page("two", true)) }, connectors.KindIncomplete},
		"more, but not how":          {func(w http.ResponseWriter) { _, _ = io.WriteString(w, page("", true, "root/c")) }, connectors.KindIncomplete},
		"keys go back":               {func(w http.ResponseWriter) { _, _ = io.WriteString(w, page("", false, "root/aa")) }, connectors.KindIncomplete},
		"keys that nobody asked for": {func(w http.ResponseWriter) { _, _ = io.WriteString(w, page("", false, "toor/c")) }, connectors.KindIncomplete},
		"page two breaks off":        {func(w http.ResponseWriter) { _, _ = io.WriteString(w, page("", false, "root/c")[:150]) }, connectors.KindIncomplete},
		"page two is cut short": {func(w http.ResponseWriter) {
			w.Header().Set("Content-Length", "10000")
			_, _ = io.WriteString(w, page("", false, "root/c")[:150])
		}, connectors.KindIncomplete},
		"page two is busy": {func(w http.ResponseWriter) {
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = io.WriteString(w, errorBody("SlowDown"))
		}, connectors.KindBusy},
		"page two is denied": {func(w http.ResponseWriter) {
			w.WriteHeader(http.StatusForbidden)
			_, _ = io.WriteString(w, errorBody("AccessDenied"))
		}, connectors.KindPermission},
	} {
		for _, wire := range wires {
			t.Run(wire.name+"/"+what, func(t *testing.T) {
				url := lying(t, func(w http.ResponseWriter, r *http.Request) {
					w.Header().Set("Content-Type", "application/xml")
					if r.URL.Query().Get("continuation-token") == "" {
						_, _ = io.WriteString(w, first)
						return
					}
					test.second(w)
				})
				paths, err := list(t.Context(), wire.place(t, url, nil), "")
				isKind(t, "list", err, test.kind)
				if len(paths) < 2 {
					t.Errorf("listed %q before it broke", paths)
				}
			})
		}
	}
}

func TestBodiesThatAreNotWhole(t *testing.T) {
	const whole = "0123456789"
	for what, test := range map[string]struct {
		answer         http.HandlerFunc
		offset, length int64
		kind           connectors.Kind
	}{
		"cut in the middle": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "10")
			_, _ = io.WriteString(w, whole[:5])
		}, 0, -1, connectors.KindIncomplete},
		"less than asked for": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Range", "bytes 0-4/10")
			w.WriteHeader(http.StatusPartialContent)
			_, _ = io.WriteString(w, whole[:5])
		}, 0, 10, connectors.KindIncomplete},
		"a range that is ignored": {func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, whole)
		}, 5, 5, connectors.KindUnsupported},
		"another range": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Range", "bytes 0-4/10")
			w.WriteHeader(http.StatusPartialContent)
			_, _ = io.WriteString(w, whole[:5])
		}, 5, 5, connectors.KindUnsupported},
		"the connection lost": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "10")
			_, _ = io.WriteString(w, whole[:5])
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		}, 0, -1, connectors.KindIncomplete},
		"archived": {func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusForbidden)
			_, _ = io.WriteString(w, errorBody("InvalidObjectState"))
		}, 0, -1, connectors.KindArchived},
	} {
		for _, wire := range wires {
			t.Run(wire.name+"/"+what, func(t *testing.T) {
				p := wire.place(t, lying(t, func(w http.ResponseWriter, r *http.Request) {
					w.Header().Set("Last-Modified", "Thu, 29 Feb 2024 12:00:00 GMT")
					w.Header().Set("ETag", `"e"`)
					test.answer(w, r)
				}), nil)
				_, err := read(p, t.Context(), "clip", test.offset, test.length)
				isKind(t, "read", err, test.kind)
			})
		}
	}
}

// multipartServer answers all of a multipart upload well but for what answer
// takes: it returns whether it did.
func multipartServer(t *testing.T, answer func(w http.ResponseWriter, r *http.Request) bool) string {
	return lying(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/xml")
		query := r.URL.Query()
		switch {
		case answer(w, r):
		case r.Method == http.MethodPost && query.Has("uploads"):
			_, _ = io.WriteString(w, `<InitiateMultipartUploadResult><UploadId>u1</UploadId></InitiateMultipartUploadResult>`)
		case r.Method == http.MethodPut:
			w.Header().Set("ETag", `"0123456789abcdef0123456789abcdef"`)
			w.Header().Set("X-Amz-Checksum-Crc64nvme", r.Header.Get("X-Amz-Checksum-Crc64nvme"))
		case r.Method == http.MethodPost:
			_, _ = io.WriteString(w, `<CompleteMultipartUploadResult><Bucket>bucket</Bucket><Key>root/clip</Key><ETag>"e"</ETag></CompleteMultipartUploadResult>`)
		case r.Method == http.MethodDelete:
			w.WriteHeader(http.StatusNoContent)
		default:
			w.WriteHeader(http.StatusNotFound)
			if r.Method != http.MethodHead {
				_, _ = io.WriteString(w, errorBody("NoSuchKey"))
			}
		}
	})
}

func TestCommitsThatFail(t *testing.T) {
	refuse := func(status int, code string) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method != http.MethodPost || r.URL.Query().Has("uploads") {
				return false
			}
			w.WriteHeader(status)
			_, _ = io.WriteString(w, errorBody(code))
			return true
		}
	}
	head := func(length string) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method != http.MethodHead {
				return false
			}
			w.Header().Set("Content-Length", length)
			w.Header().Set("Last-Modified", "Thu, 29 Feb 2024 12:00:00 GMT")
			w.Header().Set("ETag", `"e"`)
			w.Header().Set("X-Amz-Checksum-Crc64nvme", "AAAAAAAAAAA=")
			return true
		}
	}
	size := fmt.Sprint(len(big()))
	for what, test := range map[string]struct {
		answer func(http.ResponseWriter, *http.Request) bool
		kind   connectors.Kind
	}{
		"200 with an error in the body": {refuse(http.StatusOK, "InternalError"), connectors.KindUnavailable},
		"200 that asks to slow down":    {refuse(http.StatusOK, "SlowDown"), connectors.KindBusy},
		"a conflict":                    {refuse(http.StatusConflict, "ConditionalRequestConflict"), connectors.KindBusy},
		"somebody was faster":           {refuse(http.StatusPreconditionFailed, "PreconditionFailed"), connectors.KindExists},
		"the upload is gone":            {refuse(http.StatusNotFound, "NoSuchUpload"), connectors.KindNotFound},
		"a part is not there":           {refuse(http.StatusBadRequest, "InvalidPart"), connectors.KindInvalid},
		"a digest is another":           {refuse(http.StatusBadRequest, "BadDigest"), connectors.KindIntegrity},
		"no room":                       {refuse(http.StatusInsufficientStorage, "XMinioStorageFull"), connectors.KindNoSpace},
		"success, and nothing there":    {func(http.ResponseWriter, *http.Request) bool { return false }, connectors.KindUnavailable},
		"success, and half is there":    {head("5"), connectors.KindIncomplete},
		"success, and other bytes":      {head(size), connectors.KindIntegrity},
	} {
		for _, wire := range wires {
			t.Run(wire.name+"/"+what, func(t *testing.T) {
				p := wire.place(t, multipartServer(t, test.answer), nil)
				up, whole, err := upload(t.Context(), p, "clip", big(), connectors.UploadOptions{})
				if err != nil {
					t.Fatal(err)
				}
				_, err = up.Commit(t.Context(), whole)
				isKind(t, "commit", err, test.kind)
				if !strings.HasPrefix(what, "success, and nothing") && !strings.HasPrefix(what, "success, and half") {
					return
				}
				for range 3 { // not for ever
					_, err = up.Commit(t.Context(), whole)
				}
				isKind(t, "commit once more", err, connectors.KindNotFound, "begin again")
			})
		}
	}
}

// The answer to an exclusive commit of a small file is lost; the file is ours.
func TestSmallCommitWhoseAnswerWasLost(t *testing.T) {
	for _, wire := range wires {
		var puts atomic.Int32
		digest := crc([]byte("small"))
		p := wire.place(t, lying(t, func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			switch {
			case r.Method == http.MethodPut && puts.Add(1) == 1:
				panic(http.ErrAbortHandler)
			case r.Method == http.MethodPut:
				w.WriteHeader(http.StatusPreconditionFailed)
				_, _ = io.WriteString(w, errorBody("PreconditionFailed"))
			case r.Method == http.MethodHead:
				w.Header().Set("Content-Length", "5")
				w.Header().Set("Last-Modified", "Thu, 29 Feb 2024 12:00:00 GMT")
				w.Header().Set("ETag", `"e"`)
				w.Header().Set("X-Amz-Checksum-Crc64nvme", wireForm(t, digest))
			}
		}), nil)
		up, whole, err := upload(t.Context(), p, "clip", []byte("small"), connectors.UploadOptions{Exclusive: true})
		if err != nil {
			t.Fatal(err)
		}
		_, err = up.Commit(t.Context(), whole)
		isKind(t, wire.name+", the answer is lost", err, connectors.KindUnavailable)
		if entry, err := up.Commit(t.Context(), whole); err != nil || entry.Size != 5 {
			t.Errorf("%s, again: %+v, %v", wire.name, entry, err)
		}
		if puts.Load() != 2 {
			t.Errorf("%s sent %d requests; want 2: nothing is retried", wire.name, puts.Load())
		}
	}
}

// A drop box takes files and shows none.
func TestWriteOnly(t *testing.T) {
	for _, wire := range wires {
		p := wire.place(t, multipartServer(t, func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method != http.MethodHead && r.Method != http.MethodGet {
				return false
			}
			w.WriteHeader(http.StatusForbidden)
			if r.Method == http.MethodGet {
				_, _ = io.WriteString(w, errorBody("AccessDenied"))
			}
			return true
		}), nil)
		up, whole, err := upload(t.Context(), p, "clip", []byte("small"), connectors.UploadOptions{})
		if err != nil {
			t.Fatal(err)
		}
		entry, err := up.Commit(t.Context(), whole)
		if err != nil || entry.Size != 5 || entry.Version == "" || entry.Digests[connectors.CRC64NVME] == "" {
			t.Errorf("%s: %+v, %v", wire.name, entry, err)
		}
	}
}

// A store that does not know the checksum says so, or says nothing.
func TestStoresWithoutChecksums(t *testing.T) {
	for what, answer := range map[string]func(w http.ResponseWriter, r *http.Request) bool{
		"refuses it": func(w http.ResponseWriter, r *http.Request) bool {
			if r.Header.Get("X-Amz-Checksum-Algorithm") == "" && r.Header.Get("X-Amz-Checksum-Crc64nvme") == "" {
				return false
			}
			w.WriteHeader(http.StatusNotImplemented)
			_, _ = io.WriteString(w, errorBody("NotImplemented"))
			return true
		},
		"ignores it": func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method == http.MethodPut {
				w.Header().Set("ETag", `"0123456789abcdef0123456789abcdef"`)
				return true
			}
			return false
		},
	} {
		for _, wire := range wires {
			for _, data := range [][]byte{[]byte("small"), big()} {
				t.Run(fmt.Sprintf("%s/%s/%d", wire.name, what, len(data)), func(t *testing.T) {
					p := wire.place(t, multipartServer(t, func(w http.ResponseWriter, r *http.Request) bool {
						if r.Method == http.MethodHead {
							w.Header().Set("Content-Length", fmt.Sprint(len(data)))
							w.Header().Set("Last-Modified", "Thu, 29 Feb 2024 12:00:00 GMT")
							w.Header().Set("ETag", `"e"`)
							return true
						}
						if r.Method == http.MethodPost && r.Header.Get("X-Amz-Checksum-Type") == "FULL_OBJECT" && r.URL.Query().Has("uploadId") {
							t.Error("the whole's checksum is sent to a store that ignores it")
						}
						return answer(w, r)
					}), nil)
					up, whole, err := upload(t.Context(), p, "clip", data, connectors.UploadOptions{})
					if err != nil {
						t.Fatal(err)
					}
					entry, err := up.Commit(t.Context(), whole)
					if err != nil || len(entry.Digests) > 0 {
						t.Errorf("commit = %+v, %v", entry, err)
					}
					if traits := p.Traits(); traits.PartDigest != "" || traits.WholeDigest != "" {
						t.Errorf("traits still promise %q and %q", traits.PartDigest, traits.WholeDigest)
					}
				})
			}
		}
	}
}

// What costs time is not done: no retry, no hash of the body, no second look
// before the first byte, and two requests for a small file.
func TestRequestsAreFewAndLean(t *testing.T) {
	for _, wire := range wires {
		var requests []string
		p := wire.place(t, multipartServer(t, func(w http.ResponseWriter, r *http.Request) bool {
			requests = append(requests, r.Method)
			if r.Method == http.MethodPut {
				if got := r.Header.Get("X-Amz-Content-Sha256"); got != "UNSIGNED-PAYLOAD" {
					t.Errorf("%s hashes the body: %q", wire.name, got)
				}
				for _, name := range []string{"Content-Md5", "X-Amz-Trailer", "Expect", "X-Amz-Decoded-Content-Length", "X-Amz-Checksum-Crc32"} {
					if got := r.Header.Get(name); got != "" {
						t.Errorf("%s sends %s: %s", wire.name, name, got)
					}
				}
				if r.Header.Get("X-Amz-Checksum-Crc64nvme") == "" || !strings.Contains(r.Header.Get("Authorization"), "x-amz-checksum-crc64nvme") {
					t.Errorf("%s does not sign the checksum", wire.name)
				}
			}
			if r.Method == http.MethodHead {
				w.Header().Set("X-Amz-Checksum-Crc64nvme", wireForm(t, crc([]byte("small"))))
				w.Header().Set("Content-Length", "5")
				w.Header().Set("Last-Modified", "Thu, 29 Feb 2024 12:00:00 GMT")
				return true
			}
			return false
		}), nil)
		up, whole, err := upload(t.Context(), p, "clip", []byte("small"), connectors.UploadOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := up.Commit(t.Context(), whole); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(requests, " "); got != "PUT HEAD" {
			t.Errorf("%s asks %q", wire.name, got)
		}
	}
}

// A signed request does not follow to where a store sends it.
func TestRedirectsAreNotFollowed(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("the redirect was followed")
	}))
	defer other.Close()
	for _, wire := range wires {
		p := wire.place(t, lying(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", other.URL+r.URL.Path)
			w.Header().Set("X-Amz-Bucket-Region", "eu-central-1")
			w.WriteHeader(http.StatusMovedPermanently)
			if r.Method != http.MethodHead {
				_, _ = io.WriteString(w, errorBody("PermanentRedirect"))
			}
		}), nil)
		_, err := p.Stat(t.Context(), "clip")
		isKind(t, wire.name+", stat", err, connectors.KindInvalid, "region to eu-central-1")
		_, err = list(t.Context(), p, "")
		isKind(t, wire.name+", list", err, connectors.KindInvalid, "region to eu-central-1")
	}
}
