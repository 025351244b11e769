package objectstore_test

import (
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"gantry/connectors"
	"gantry/connectors/servers"
)

// A recorder is a store over TLS that accepts everything, and keeps the headers
// of each call by what it is.
type recorder struct {
	url, caFile string

	mu    sync.Mutex
	calls map[string]http.Header
}

func record(t *testing.T) *recorder {
	t.Helper()
	t.Setenv("TEST_ACCESS_KEY", "key")
	t.Setenv("TEST_SECRET_KEY", "secret")
	r := &recorder{calls: make(map[string]http.Header)}
	server := httptest.NewTLSServer(r)
	t.Cleanup(server.Close)
	r.url, r.caFile = server.URL, filepath.Join(t.TempDir(), "ca.pem")
	data := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(r.caFile, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return r
}

// callOf names a call as S3's documents do.
func callOf(r *http.Request) string {
	q := r.URL.Query()
	switch {
	case r.Method == http.MethodPost && q.Has("uploads"):
		return "CreateMultipartUpload"
	case r.Method == http.MethodPost:
		return "CompleteMultipartUpload"
	case r.Method == http.MethodPut && q.Has("partNumber"):
		return "UploadPart"
	case r.Method == http.MethodPut && q.Has("tagging"):
		return "PutObjectTagging"
	case r.Method == http.MethodPut && r.Header.Get("X-Amz-Copy-Source") != "":
		return "CopyObject"
	case r.Method == http.MethodPut:
		return "PutObject"
	case r.Method == http.MethodHead:
		return "HeadObject"
	case r.Method == http.MethodDelete:
		return "DeleteObject"
	case q.Get("list-type") == "2":
		return "ListObjectsV2"
	case q.Has("tagging"):
		return "GetObjectTagging"
	case q.Has("versions"):
		return "ListObjectVersions"
	default:
		return "GetObject"
	}
}

func (r *recorder) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	_, _ = io.Copy(io.Discard, req.Body)
	call := callOf(req)
	r.mu.Lock()
	r.calls[call] = req.Header.Clone()
	r.mu.Unlock()
	w.Header().Set("ETag", `"0123456789abcdef0123456789abcdef"`)
	w.Header().Set("Last-Modified", "Thu, 29 Feb 2024 12:00:00 GMT")
	switch call {
	case "CreateMultipartUpload":
		_, _ = io.WriteString(w, `<InitiateMultipartUploadResult><UploadId>u1</UploadId></InitiateMultipartUploadResult>`)
	case "CompleteMultipartUpload":
		_, _ = io.WriteString(w, `<CompleteMultipartUploadResult><Bucket>bucket</Bucket><Key>root/clip</Key><ETag>"e"</ETag></CompleteMultipartUploadResult>`)
	case "CopyObject":
		_, _ = io.WriteString(w, `<CopyObjectResult><ETag>"e"</ETag><LastModified>2024-02-29T12:00:00.000Z</LastModified></CopyObjectResult>`)
	case "ListObjectsV2":
		_, _ = io.WriteString(w, page("", false))
	case "GetObjectTagging":
		_, _ = io.WriteString(w, `<Tagging><TagSet/></Tagging>`)
	case "ListObjectVersions":
		_, _ = io.WriteString(w, `<ListVersionsResult><Version><Key>root/clip</Key><VersionId>v</VersionId><Size>1</Size></Version></ListVersionsResult>`)
	case "PutObject", "UploadPart":
		w.Header().Set("X-Amz-Checksum-Crc64nvme", req.Header.Get("X-Amz-Checksum-Crc64nvme"))
	case "DeleteObject":
		w.WriteHeader(http.StatusNoContent)
	case "HeadObject":
		size := "5"
		if strings.Contains(req.URL.Path, "big") {
			size = fmt.Sprint(len(big()))
		}
		w.Header().Set("Content-Length", size)
	case "GetObject":
		_, _ = io.WriteString(w, "bytes")
	}
}

// drive makes each call once.
func drive(t *testing.T, p connectors.Place) {
	t.Helper()
	put(t, p, "clip", []byte("small"))
	put(t, p, "big", big())
	if got, err := read(p, t.Context(), "clip", 0, -1); got != "bytes" {
		t.Errorf("read %q, %v", got, err)
	}
	if _, err := can[connectors.Copier](t, p).Copy(t.Context(), "clip", "copy"); err != nil {
		t.Error(err)
	}
	if _, err := list(t.Context(), p, ""); err != nil {
		t.Error(err)
	}
	if _, err := can[connectors.Tagger](t, p).Tags(t.Context(), "clip"); err != nil {
		t.Error(err)
	}
	if err := can[connectors.Tagger](t, p).SetTags(t.Context(), "clip", map[string]string{"a": "b"}); err != nil {
		t.Error(err)
	}
	versions(t, p, "clip")
	if err := p.Remove(t.Context(), "clip"); err != nil {
		t.Error(err)
	}
}

var everyCall = []string{
	"CreateMultipartUpload", "CompleteMultipartUpload", "UploadPart", "CopyObject", "PutObject", "HeadObject", "DeleteObject",
	"ListObjectsV2", "GetObjectTagging", "PutObjectTagging", "ListObjectVersions", "GetObject",
}

// What the options ask for is in each call that Amazon wants it in, signed, and
// in no other.
func TestTermsAreInEachCall(t *testing.T) {
	key := base64.StdEncoding.EncodeToString([]byte("this key has 32 bytes, by design"))
	t.Setenv("TEST_CUSTOMER_KEY", key)
	created := []string{"PutObject", "CreateMultipartUpload", "CopyObject"}
	fresh := created[:2]
	withBytes := append([]string{"UploadPart", "CompleteMultipartUpload", "GetObject", "HeadObject"}, created...)
	for what, test := range map[string]struct {
		options map[string]string
		header  string
		value   string
		in      []string
	}{
		"requester pays":     {map[string]string{"requesterPays": "true"}, "X-Amz-Request-Payer", "requester", everyCall},
		"a class":            {map[string]string{"storageClass": "GLACIER_IR"}, "X-Amz-Storage-Class", "GLACIER_IR", created},
		"an ACL":             {map[string]string{"acl": "bucket-owner-full-control"}, "X-Amz-Acl", "bucket-owner-full-control", created},
		"tags":               {map[string]string{"tags": "b=2 3&a=1"}, "X-Amz-Tagging", "a=1&b=2%203", fresh},
		"SSE-S3":             {map[string]string{"encryption": "sse-s3"}, "X-Amz-Server-Side-Encryption", "AES256", created},
		"SSE-KMS":            {map[string]string{"encryption": "sse-kms"}, "X-Amz-Server-Side-Encryption", "aws:kms", created},
		"a key of KMS":       {map[string]string{"encryption": "sse-kms", "kmsKey": "alias/media"}, "X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id", "alias/media", created},
		"SSE-C":              {map[string]string{"encryption": "sse-c", "customerKey": "env:TEST_CUSTOMER_KEY"}, "X-Amz-Server-Side-Encryption-Customer-Key", key, withBytes},
		"SSE-C, its sort":    {map[string]string{"encryption": "sse-c", "customerKey": "env:TEST_CUSTOMER_KEY"}, "X-Amz-Server-Side-Encryption-Customer-Algorithm", "AES256", withBytes},
		"SSE-C, its digest":  {map[string]string{"encryption": "sse-c", "customerKey": "env:TEST_CUSTOMER_KEY"}, "X-Amz-Server-Side-Encryption-Customer-Key-Md5", "ZDlZGPyioRChBvEShyOPHA==", withBytes},
		"SSE-C, to copy":     {map[string]string{"encryption": "sse-c", "customerKey": "env:TEST_CUSTOMER_KEY"}, "X-Amz-Copy-Source-Server-Side-Encryption-Customer-Key", key, []string{"CopyObject"}},
		"a retention":        {map[string]string{"retain": "compliance 7y"}, "X-Amz-Object-Lock-Mode", "COMPLIANCE", created},
		"a hold":             {map[string]string{"hold": "true"}, "X-Amz-Object-Lock-Legal-Hold", "ON", created},
		"nothing":            {nil, "X-Amz-Server-Side-Encryption-Customer-Key", "", nil},
		"no word of payment": {nil, "X-Amz-Request-Payer", "", nil},
	} {
		for _, w := range wires {
			t.Run(what+"/"+w.name, func(t *testing.T) {
				r := record(t)
				options := map[string]string{"caFile": r.caFile, "listers": "1"}
				maps.Copy(options, test.options)
				drive(t, w.place(t, r.url, options))
				for _, call := range everyCall {
					h, made := r.calls[call]
					want := ""
					if contains(test.in, call) {
						want = test.value
					}
					if got := h.Get(test.header); got != want || !made {
						t.Errorf("%s has %s: %q; want %q", call, test.header, got, want)
					}
					if want != "" && !strings.Contains(h.Get("Authorization"), strings.ToLower(test.header)) {
						t.Errorf("%s does not sign %s: %s", call, test.header, h.Get("Authorization"))
					}
				}
			})
		}
	}
}

func TestTermsThatAreWrong(t *testing.T) {
	t.Setenv("TEST_ACCESS_KEY", "key")
	t.Setenv("TEST_SECRET_KEY", "secret")
	t.Setenv("SHORT", base64.StdEncoding.EncodeToString([]byte("hunter2")))
	t.Setenv("NO_BASE64", "hunter2!")
	t.Setenv("GOOD", base64.StdEncoding.EncodeToString(make([]byte, 32)))
	const secure, plain = "https://store.example", "http://store.example"
	for what, test := range map[string]struct {
		endpoint string
		options  map[string]string
		says     string
	}{
		"an encryption":                {secure, map[string]string{"encryption": "rot13"}, "sse-s3, sse-kms or sse-c"},
		"sse-c without a key":          {secure, map[string]string{"encryption": "sse-c"}, "give both"},
		"a key without sse-c":          {secure, map[string]string{"customerKey": "env:GOOD"}, "give both"},
		"a key that is short":          {secure, map[string]string{"encryption": "sse-c", "customerKey": "env:SHORT"}, "openssl rand -base64 32"},
		"a key that is none":           {secure, map[string]string{"encryption": "sse-c", "customerKey": "env:NO_BASE64"}, "openssl rand -base64 32"},
		"a key in the clear":           {plain, map[string]string{"encryption": "sse-c", "customerKey": "env:GOOD"}, "https"},
		"a key that is written out":    {secure, map[string]string{"encryption": "sse-c", "customerKey": "hunter2"}, "env:NAME"},
		"a key of KMS without sse-kms": {secure, map[string]string{"kmsKey": "alias/x"}, "sse-kms"},
		"a retention":                  {secure, map[string]string{"retain": "30d"}, "compliance 30d"},
		"a retention of no days":       {secure, map[string]string{"retain": "compliance 0d"}, "compliance 30d"},
		"a retention for ever":         {secure, map[string]string{"retain": "compliance 1000y"}, "100 years"},
		"a hold":                       {secure, map[string]string{"hold": "perhaps"}, "true or false"},
		"tags":                         {secure, map[string]string{"tags": "a=%zz"}, "name=value"},
		"a tag without a name":         {secure, map[string]string{"tags": "=x"}, "name of its own"},
		"eleven tags":                  {secure, map[string]string{"tags": "a&b&c&d&e&f&g&h&i&j&k"}, "at most 10"},
		"a class with a line break":    {secure, map[string]string{"storageClass": "A\r\nX-Evil: 1"}, "character"},
		"a file of authorities":        {secure, map[string]string{"caFile": "/nowhere.pem"}, "caFile"},
		"a timeout":                    {secure, map[string]string{"timeout": "soon"}, "30s"},
		"connections":                  {secure, map[string]string{"connections": "-1"}, "number"},
	} {
		for _, w := range wires {
			_, err := w.open(t.Context(), test.endpoint, "bucket", test.options)
			isKind(t, w.name+", "+what, err, connectors.KindInvalid, test.says)
			if strings.Contains(fmt.Sprint(err), "hunter2") || strings.Contains(fmt.Sprint(err), os.Getenv("SHORT")) {
				t.Errorf("%s, %s: %v tells the key", w.name, what, err)
			}
		}
	}
}

// An endpoint with a certificate of the house's own authority.
func TestOwnAuthority(t *testing.T) {
	g, err := servers.StartVersityGWWith(t.Context(), t.TempDir(), servers.VersityGWOptions{TLS: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := g.MakeBucket(t.Context(), "bucket"); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TEST_ACCESS_KEY", g.AccessKey)
	t.Setenv("TEST_SECRET_KEY", g.SecretKey)
	empty := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(empty, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, w := range wires {
		p := w.place(t, g.Endpoint, map[string]string{"caFile": g.CAFile()})
		put(t, p, "small", []byte("frames"))
		put(t, p, "big", big())
		if got, err := read(p, t.Context(), "small", 0, -1); got != "frames" {
			t.Errorf("%s: %q, %v", w.name, got, err)
		}
		_, err = list(t.Context(), w.place(t, g.Endpoint, nil), "")
		isKind(t, w.name+", untrusted, list", err, connectors.KindHostKey, "caFile")
		_, err = w.place(t, g.Endpoint, nil).Stat(t.Context(), "small")
		isKind(t, w.name+", untrusted, stat", err, connectors.KindHostKey, "caFile")
		_, err = can[connectors.Tagger](t, w.place(t, g.Endpoint, nil)).Tags(t.Context(), "small")
		isKind(t, w.name+", untrusted, tags", err, connectors.KindHostKey, "caFile")
		_, err = w.open(t.Context(), g.Endpoint, "bucket", map[string]string{"caFile": empty})
		isKind(t, w.name+", no certificate", err, connectors.KindInvalid, "BEGIN CERTIFICATE")
	}
}
