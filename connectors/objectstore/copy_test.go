package objectstore_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"

	"gantry/connectors"
	"gantry/connectors/objectstore"
)

// Copies in one request and in parts are alike, and like their original.
func TestCopies(t *testing.T) {
	g, core := gateway(t)
	for _, w := range wires {
		for _, most := range []int64{1 << 30, partSize} {
			p := w.place(t, g.Endpoint, nil)
			objectstore.CopyInParts(p, most, partSize)
			data := big()
			up, whole, err := upload(t.Context(), p, "day 1/ä+b.mxf", data, connectors.UploadOptions{
				ModTime: time.Unix(1700000000, 0), Metadata: map[string]string{"house-id": "Grün 7"},
			})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := up.Commit(t.Context(), whole); err != nil {
				t.Fatal(err)
			}
			tags := map[string]string{"project": "cup + league"}
			if err := can[connectors.Tagger](t, p).SetTags(t.Context(), "day 1/ä+b.mxf", tags); err != nil {
				t.Fatal(err)
			}
			put(t, p, "copies/x.mxf", []byte("in the way"))
			entry, err := can[connectors.Copier](t, p).Copy(t.Context(), "day 1/ä+b.mxf", "copies/x.mxf")
			if err != nil {
				t.Fatalf("%s, %d: %v", w.name, most, err)
			}
			if common, equal := entry.Digests.Agree(whole.Digests); common == 0 || !equal || entry.Size != whole.Size || entry.Path != "copies/x.mxf" {
				t.Errorf("%s, %d: %+v; want %v", w.name, most, entry, whole.Digests)
			}
			if got, err := read(p, t.Context(), "copies/x.mxf", 0, -1); err != nil || got != string(data) {
				t.Errorf("%s, %d: other bytes, %v", w.name, most, err)
			}
			o, err := core.StatObject(t.Context(), "bucket", "root/copies/x.mxf", minio.StatObjectOptions{})
			if err != nil || o.ContentType != "application/mxf" || o.UserMetadata["House-Id"] != "Grün 7" || o.UserMetadata["Mtime"] != "1700000000" {
				t.Errorf("%s, %d: type %q, metadata %q, %v", w.name, most, o.ContentType, o.UserMetadata, err)
			}
			if inParts := strings.Contains(o.ETag, "-"); inParts != (most == partSize) {
				t.Errorf("%s, %d: ETag %q", w.name, most, o.ETag)
			}
			got, err := can[connectors.Tagger](t, p).Tags(t.Context(), "copies/x.mxf")
			if err != nil || got["project"] != tags["project"] {
				t.Errorf("%s, %d: tags %v, %v", w.name, most, got, err)
			}
			_, err = can[connectors.Copier](t, p).Copy(t.Context(), "none", "x")
			isKind(t, "copy nothing", err, connectors.KindNotFound)
		}
	}
}

// A copyist answers copies well but for what answer takes, and notes each request.
type copyist struct {
	mu      sync.Mutex
	noted   []string
	answer  func(w http.ResponseWriter, r *http.Request, what string) bool
	aborted chan struct{}
}

// what names a request: part 2, complete.
func what(r *http.Request) string {
	query := r.URL.Query()
	switch {
	case query.Has("uploads"):
		return "begin"
	case query.Has("partNumber"):
		return "part " + query.Get("partNumber")
	case r.Method == http.MethodPost:
		return "complete"
	case r.Method == http.MethodDelete && query.Has("uploadId"):
		return "abort"
	case r.Method == http.MethodPut:
		return "copy"
	case r.Method == http.MethodGet && query.Has("tagging"):
		return "tags"
	default:
		return strings.ToLower(r.Method) + " " + r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]
	}
}

func (c *copyist) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	name := what(r)
	c.mu.Lock()
	c.noted = append(c.noted, name)
	c.mu.Unlock()
	w.Header().Set("Content-Type", "application/xml")
	if c.answer != nil && c.answer(w, r, name) {
		return
	}
	write := func(text string) { _, _ = io.WriteString(w, `<?xml version="1.0" encoding="UTF-8"?>`+text) }
	switch {
	case name == "begin":
		write(`<InitiateMultipartUploadResult><UploadId>u1</UploadId></InitiateMultipartUploadResult>`)
	case name == "copy":
		write(`<CopyObjectResult><ETag>"e"</ETag></CopyObjectResult>`)
	case strings.HasPrefix(name, "part"):
		write(`<CopyPartResult><ETag>"p"</ETag></CopyPartResult>`)
	case name == "complete":
		write(`<CompleteMultipartUploadResult><Bucket>bucket</Bucket><Key>root/to</Key><ETag>"e"</ETag></CompleteMultipartUploadResult>`)
	case name == "abort":
		close(c.aborted)
		w.WriteHeader(http.StatusNoContent)
	case name == "tags":
		write(`<Tagging><TagSet/></Tagging>`)
	case strings.HasPrefix(name, "head"):
		w.Header().Set("Content-Length", "15728633")
		w.Header().Set("Last-Modified", "Thu, 29 Feb 2024 12:00:00 GMT")
		w.Header().Set("ETag", `"e"`)
		w.Header().Set("X-Amz-Checksum-Crc64nvme", "AAAAAAAAAAA=")
	default:
		w.WriteHeader(http.StatusNoContent)
	}
}

func (c *copyist) did(name string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, noted := range c.noted {
		if noted == name {
			return true
		}
	}
	return false
}

func TestCopiesThatFail(t *testing.T) {
	fails := func(at string, status int, code string) func(http.ResponseWriter, *http.Request, string) bool {
		return func(w http.ResponseWriter, _ *http.Request, name string) bool {
			if name != at {
				return false
			}
			w.WriteHeader(status)
			_, _ = io.WriteString(w, errorBody(code))
			return true
		}
	}
	other := func(w http.ResponseWriter, _ *http.Request, name string) bool {
		if name != "head to" {
			return false
		}
		w.Header().Set("Content-Length", "15728633")
		w.Header().Set("Last-Modified", "Thu, 29 Feb 2024 12:00:00 GMT")
		w.Header().Set("ETag", `"e"`)
		w.Header().Set("X-Amz-Checksum-Crc64nvme", "AAAAAAAAAAE=")
		return true
	}
	for what, test := range map[string]struct {
		most    int64
		answer  func(http.ResponseWriter, *http.Request, string) bool
		kind    connectors.Kind
		aborts  bool
		removes bool
	}{
		"200 with an error":                {1 << 30, fails("copy", 200, "InternalError"), connectors.KindUnavailable, false, false},
		"200 that asks to slow down":       {1 << 30, fails("copy", 200, "SlowDown"), connectors.KindBusy, false, false},
		"another version by now":           {1 << 30, fails("copy", 412, "PreconditionFailed"), connectors.KindChanged, false, false},
		"the copy is another":              {1 << 30, other, connectors.KindIntegrity, false, true},
		"part 2: 200 with an error":        {partSize, fails("part 2", 200, "InternalError"), connectors.KindUnavailable, true, false},
		"part 3: another version by now":   {partSize, fails("part 3", 412, "PreconditionFailed"), connectors.KindChanged, true, false},
		"part 1: too many":                 {partSize, fails("part 1", 503, "SlowDown"), connectors.KindBusy, true, false},
		"parts: complete with an error":    {partSize, fails("complete", 200, "InternalError"), connectors.KindUnavailable, true, false},
		"parts: the digest is refused":     {partSize, fails("complete", 400, "BadDigest"), connectors.KindIntegrity, true, false},
		"parts: nobody may begin":          {partSize, fails("begin", 403, "AccessDenied"), connectors.KindPermission, false, false},
		"parts: the copy is another":       {partSize, other, connectors.KindIntegrity, false, true},
		"a part of which nothing is known": {partSize, func(w http.ResponseWriter, _ *http.Request, name string) bool { return name == "part 2" }, connectors.KindIncomplete, true, false},
	} {
		for _, wire := range wires {
			t.Run(wire.name+"/"+what, func(t *testing.T) {
				c := &copyist{answer: test.answer, aborted: make(chan struct{})}
				p := wire.place(t, lying(t, c.ServeHTTP), nil)
				objectstore.CopyInParts(p, test.most, partSize)
				_, err := p.(connectors.Copier).Copy(t.Context(), "from", "to")
				isKind(t, "copy", err, test.kind)
				if c.did("abort") != test.aborts {
					t.Errorf("aborted: %v; want %v: %q", c.did("abort"), test.aborts, c.noted)
				}
				if c.did("delete to") != test.removes {
					t.Errorf("removed: %v; want %v: %q", c.did("delete to"), test.removes, c.noted)
				}
			})
		}
	}
}

// Who gives up does not leave parts behind.
func TestACancelledCopyIsAborted(t *testing.T) {
	for _, wire := range wires {
		ctx, cancel := context.WithCancel(t.Context())
		c := &copyist{aborted: make(chan struct{})}
		c.answer = func(_ http.ResponseWriter, r *http.Request, name string) bool {
			if name == "part 2" {
				cancel()
				<-r.Context().Done()
				return true
			}
			return false
		}
		p := wire.place(t, lying(t, c.ServeHTTP), nil)
		objectstore.CopyInParts(p, partSize, partSize)
		_, err := p.(connectors.Copier).Copy(ctx, "from", "to")
		isKind(t, wire.name, err, connectors.KindCanceled)
		<-c.aborted
	}
}

// A copy asks for what it needs and no more, and each part for its own range of
// the version that was looked at.
func TestWhatACopyAsks(t *testing.T) {
	for _, wire := range wires {
		var mu sync.Mutex
		headers := make(map[string]http.Header)
		c := &copyist{aborted: make(chan struct{})}
		c.answer = func(_ http.ResponseWriter, r *http.Request, name string) bool {
			mu.Lock()
			defer mu.Unlock()
			headers[name] = r.Header
			return false
		}
		p := wire.place(t, lying(t, c.ServeHTTP), nil)
		if _, err := p.(connectors.Copier).Copy(t.Context(), "from", "to"); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(c.noted, " "); got != "head from copy head to" {
			t.Errorf("%s: %s", wire.name, got)
		}
		objectstore.CopyInParts(p, partSize, partSize)
		if _, err := p.(connectors.Copier).Copy(t.Context(), "from", "to"); err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]string{"part 1": "bytes=0-5242879", "part 2": "bytes=5242880-10485759", "part 3": "bytes=10485760-15728632"} {
			if got := headers[name].Get("X-Amz-Copy-Source-Range"); got != want {
				t.Errorf("%s, %s: %q; want %q", wire.name, name, got, want)
			}
		}
		for _, name := range []string{"copy", "part 1", "part 3"} {
			if got := headers[name].Get("X-Amz-Copy-Source-If-Match"); got != `"e"` {
				t.Errorf("%s, %s: if-match %q", wire.name, name, got)
			}
		}
		if got := headers["complete"].Get("X-Amz-Checksum-Crc64nvme"); got != "AAAAAAAAAAA=" {
			t.Errorf("%s: completed with the checksum %q", wire.name, got)
		}
	}
}
