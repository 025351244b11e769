package objectstore_test

import (
	"io"
	"net/http"
	"testing"

	"gantry/connectors"
	"gantry/connectors/objectstore"
)

// A body whose length the store does not tell is held against the length that it
// tells when it is asked for that alone.
func TestBodiesOfUnknownLength(t *testing.T) {
	const whole = "0123456789"
	for what, test := range map[string]struct {
		sent   string
		offset int64
		kind   connectors.Kind
	}{
		"whole":           {whole, 0, ""},
		"cut":             {whole[:5], 0, connectors.KindIncomplete},
		"more":            {whole + "ab", 0, connectors.KindChanged},
		"a rest":          {whole[4:], 4, ""},
		"a rest, cut":     {whole[4:7], 4, connectors.KindIncomplete},
		"nothing of it":   {"", 0, connectors.KindIncomplete},
		"more of nothing": {"x", 10, connectors.KindChanged},
	} {
		for _, w := range wires {
			p := w.place(t, lying(t, func(rw http.ResponseWriter, r *http.Request) {
				const about = "Last-Modified: Thu, 29 Feb 2024 12:00:00 GMT\r\nETag: \"e\"\r\nConnection: close\r\n"
				conn, out, err := rw.(http.Hijacker).Hijack()
				if err != nil {
					t.Error(err)
					return
				}
				defer conn.Close()
				switch {
				case r.Method == http.MethodHead:
					_, _ = out.WriteString("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n" + about + "\r\n")
				case test.offset > 0:
					_, _ = out.WriteString("HTTP/1.1 206 Partial Content\r\nContent-Range: bytes " + r.Header.Get("Range")[len("bytes="):] + "9/10\r\n" + about + "\r\n" + test.sent)
				default:
					_, _ = out.WriteString("HTTP/1.1 200 OK\r\n" + about + "\r\n" + test.sent)
				}
				_ = out.Flush()
			}), nil)
			got, err := read(p, t.Context(), "clip", test.offset, -1)
			isKind(t, w.name+", "+what, err, test.kind)
			if err == nil && got != test.sent {
				t.Errorf("%s, %s: read %q", w.name, what, got)
			}
		}
	}
}

// A success that holds an error, or a document of another kind, is no answer: in
// particular not that there is no lock, or no version.
func TestSuccessesThatAreNone(t *testing.T) {
	for what, test := range map[string]struct {
		body string
		kind connectors.Kind
	}{
		"an error":         {errorBody("SlowDown"), connectors.KindBusy},
		"another document": {`<Nonsense></Nonsense>`, connectors.KindIncomplete},
		"a bucket":         {page("", false, "root/clip"), connectors.KindIncomplete},
	} {
		for _, w := range wires {
			p := w.place(t, lying(t, func(rw http.ResponseWriter, r *http.Request) {
				rw.Header().Set("Content-Type", "application/xml")
				rw.Header().Set("Last-Modified", "Thu, 29 Feb 2024 12:00:00 GMT")
				if r.Method != http.MethodHead {
					_, _ = io.WriteString(rw, test.body)
				}
			}), nil)
			_, err := can[connectors.Locker](t, p).Lock(t.Context(), "clip")
			isKind(t, w.name+", lock, "+what, err, test.kind)
			err = nil
			for _, err = range can[connectors.Versioner](t, p).Versions(t.Context(), "clip") {
				break
			}
			isKind(t, w.name+", versions, "+what, err, test.kind)
			err = nil
			for _, err = range can[connectors.Sweeper](t, p).Unfinished(t.Context(), "") {
				break
			}
			isKind(t, w.name+", uploads, "+what, err, test.kind)
			_, err = can[connectors.Tagger](t, p).Tags(t.Context(), "clip")
			isKind(t, w.name+", tags, "+what, err, test.kind)
		}
		for _, w := range wires {
			p := w.place(t, lying(t, func(rw http.ResponseWriter, r *http.Request) {
				if r.URL.Query().Has("legal-hold") {
					_, _ = io.WriteString(rw, test.body)
				} else {
					_, _ = io.WriteString(rw, `<Retention/>`)
				}
			}), nil)
			_, err := can[connectors.Locker](t, p).Lock(t.Context(), "clip")
			isKind(t, w.name+", hold, "+what, err, test.kind)
		}
	}
	for _, w := range wires {
		p := w.place(t, lying(t, func(rw http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPut {
				_, _ = io.WriteString(rw, errorBody("InternalError"))
			} else {
				_, _ = io.WriteString(rw, `<`+map[bool]string{true: "Retention", false: "LegalHold"}[r.URL.Query().Has("retention")]+`/>`)
			}
		}), nil)
		err := can[connectors.Locker](t, p).SetLock(t.Context(), "clip", connectors.Lock{Hold: true})
		isKind(t, w.name+", set lock", err, connectors.KindUnavailable)
	}
}

// A version called null may be the object itself, where a store keeps no versions:
// only if the store does not know that name, and has no other version.
func TestAVersionThatTheStoreDoesNotKnow(t *testing.T) {
	const one = `<Version><Key>root/clip</Key><VersionId>null</VersionId><IsLatest>true</IsLatest><Size>5</Size><ETag>"e"</ETag><LastModified>2024-02-29T12:00:00.000Z</LastModified></Version>`
	const two = `<Version><Key>root/clip</Key><VersionId>v2</VersionId><IsLatest>true</IsLatest><Size>5</Size><ETag>"e"</ETag><LastModified>2024-02-29T12:00:00.000Z</LastModified></Version>`
	const marker = `<DeleteMarker><Key>root/clip</Key><VersionId>null</VersionId><IsLatest>true</IsLatest></DeleteMarker>`
	for what, test := range map[string]struct {
		code, versions string
		removes        bool
	}{
		"the name is not known":                  {"InvalidArgument", one, true},
		"another reason":                         {"InvalidRequest", one, false},
		"no time left":                           {"RequestTimeout", one, false},
		"an invalid name, and there are others":  {"InvalidArgument", two + one, false},
		"an invalid name, and there is a marker": {"InvalidArgument", marker, false},
	} {
		for _, w := range wires {
			removed := false
			p := w.place(t, lying(t, func(rw http.ResponseWriter, r *http.Request) {
				query := r.URL.Query()
				switch {
				case query.Has("versions"):
					_, _ = io.WriteString(rw, `<ListVersionsResult>`+test.versions+`</ListVersionsResult>`)
				case query.Has("versionId"):
					rw.WriteHeader(http.StatusBadRequest)
					if r.Method != http.MethodHead {
						_, _ = io.WriteString(rw, errorBody(test.code))
					}
				case r.Method == http.MethodDelete:
					removed = true
					rw.WriteHeader(http.StatusNoContent)
				default:
					_, _ = io.WriteString(rw, "x")
				}
			}), nil)
			err := can[connectors.Versioner](t, p).RemoveVersion(t.Context(), "clip", "null")
			if removed != test.removes || (err == nil) != test.removes {
				t.Errorf("%s, %s: removed: %v, %v", w.name, what, removed, err)
			}
			_, err = readVersion(t, p, "clip", "null", 0, -1)
			if (err == nil) != test.removes {
				t.Errorf("%s, %s: read: %v", w.name, what, err)
			}
		}
	}
}

// Metadata are metadata, whatever they are called.
func TestMetadataAreNoHeaders(t *testing.T) {
	given := map[string]string{
		"x-amz-acl": "public-read", "x-amz-storage-class": "GLACIER", "x-amz-object-lock-mode": "COMPLIANCE", "x-amz-meta-a": "1",
		"x-amz-grant-read": "id=1", "x-minio-source": "x", "content-encoding": "gzip", "cache-control": "none", "take": "1",
		"x-amz-server-side-encryption": "aws:kms", "x-amz-checksum-sha256": "none", "x-amz-website-redirect-location": "/",
	}
	for _, w := range wires {
		for _, data := range [][]byte{[]byte("small"), big()} {
			var began http.Header
			p := w.place(t, multipartServer(t, func(_ http.ResponseWriter, r *http.Request) bool {
				if r.Method == http.MethodPost && r.URL.Query().Has("uploads") || r.Method == http.MethodPut && !r.URL.Query().Has("uploadId") {
					began = r.Header.Clone()
				}
				return false
			}), nil)
			up, whole, err := upload(t.Context(), p, "clip", data, connectors.UploadOptions{Metadata: given})
			if err != nil {
				t.Fatal(err)
			}
			_, _ = up.Commit(t.Context(), whole) // what follows is not there
			for name, value := range given {
				if got := began.Get("X-Amz-Meta-" + name); got != value {
					t.Errorf("%s, %d bytes: metadata %s is %q", w.name, len(data), name, got)
				}
				if got := began.Values(name); name != "x-amz-meta-a" && len(got) > 0 {
					t.Errorf("%s, %d bytes: metadata %s became a header: %q", w.name, len(data), name, got)
				}
			}
		}
	}
}

// tagAnswer answers the question for tags with an error.
func tagAnswer(status int, code string) func(http.ResponseWriter, *http.Request, string) bool {
	return func(w http.ResponseWriter, _ *http.Request, name string) bool {
		if name == "tags" {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, errorBody(code))
		}
		return name == "tags"
	}
}

// Of a copy in parts, the tags are asked for: what cannot be had is no reason to
// leave them out, unless the store has none.
func TestTagsOfACopyInParts(t *testing.T) {
	for what, test := range map[string]struct {
		status int
		code   string
		kind   connectors.Kind
	}{
		"none":          {http.StatusNotFound, "NoSuchTagSet", ""},
		"not supported": {http.StatusNotImplemented, "NotImplemented", ""},
		"not allowed":   {http.StatusForbidden, "AccessDenied", ""},
		"busy":          {http.StatusServiceUnavailable, "SlowDown", connectors.KindBusy},
		"broken":        {http.StatusInternalServerError, "InternalError", connectors.KindUnavailable},
		"200, broken":   {http.StatusOK, "InternalError", connectors.KindUnavailable},
	} {
		for _, w := range wires {
			c := &copyist{answer: tagAnswer(test.status, test.code), aborted: make(chan struct{})}
			p := w.place(t, lying(t, c.ServeHTTP), nil)
			objectstore.CopyInParts(p, partSize, partSize)
			_, err := p.(connectors.Copier).Copy(t.Context(), "from", "to")
			isKind(t, w.name+", "+what, err, test.kind)
		}
	}
}
