package objectstore

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"gantry/connectors"
)

func TestJobs(t *testing.T) {
	for call, want := range map[string]job{
		"PUT /b/k": creates, "PUT /b/k?x-id=PutObject": creates, "POST /b/k?uploads": creates, "POST /b/k?uploads=&x-id=CreateMultipartUpload": creates,
		"PUT /b/k?partNumber=1&uploadId=u": sends, "POST /b/k?uploadId=u": sends, "GET /b/k?uploadId=u&max-parts=1000": sends,
		"GET /b/k": reads, "HEAD /b/k": reads, "GET /b/k?versionId=v": reads, "GET /b/k?partNumber=1": reads,
		"DELETE /b/k": other, "DELETE /b/k?uploadId=u": other, "DELETE /b/k?versionId=v": other,
		"GET /b?list-type=2&prefix=uploads": other, "GET /b?uploads": other, "GET /b?versions&prefix=k": other,
		"PUT /b/k?tagging": other, "GET /b/k?retention": other, "PUT /b/k?legal-hold&versionId=v": other, "POST /b/k?restore": other, "GET /b?versioning": other,
	} {
		method, target, _ := strings.Cut(call, " ")
		u, err := url.Parse(target)
		if err != nil {
			t.Fatal(err)
		}
		if got := jobOf(method, u); got != want {
			t.Errorf("%s is job %d; want %d", call, got, want)
		}
	}
}

func TestParseRetain(t *testing.T) {
	start := time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC)
	for value, want := range map[string]string{
		"compliance 30d": "compliance 2024-03-30", "governance 7y": "governance 2031-03-01", "governance 1d": "governance 2024-03-01", "compliance 100y": "compliance 2124-02-29",
	} {
		r, err := ParseRetain(value)
		if got := fmt.Sprint(r.Mode, " ", r.until(start).Format(time.DateOnly)); err != nil || got != want {
			t.Errorf("%q is %s, %v; want %s", value, got, err, want)
		}
	}
	for _, value := range []string{"compliance", "30d", "compliance 30", "compliance -1d", "compliance 0y", "compliance 101y", "compliance 1d 2d", "COMPLIANCE 1d", "hold 1d", "compliance 999999999999999999999d"} {
		if r, err := ParseRetain(value); connectors.KindOf(err) != connectors.KindInvalid {
			t.Errorf("%q is %+v, %v", value, r, err)
		}
	}
}

// Nobody sees the key, however an Encryption is printed.
func TestKeysAreNotPrinted(t *testing.T) {
	terms := Terms{Encryption: Encryption{Kind: "sse-c", key: []byte("hunter2")}}
	for _, form := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		if text := fmt.Sprintf(form, terms.Encryption); strings.Contains(text, "hunter2") || strings.Contains(text, "104") {
			t.Errorf("%s prints %s", form, text)
		}
		if text := fmt.Sprintf(form, terms); strings.Contains(text, "hunter2") || strings.Contains(text, "104 117") || strings.Contains(text, "0x68") {
			t.Errorf("%s prints %s", form, text)
		}
	}
}

func TestAnswersThatTheirMessageExplains(t *testing.T) {
	p := New(nil, Config{Bucket: "media"})
	for _, test := range []struct {
		fault Fault
		kind  connectors.Kind
		says  string
	}{
		{Fault{Status: 403, Code: "AccessDenied", Message: "Access Denied because object protected by object lock."}, connectors.KindHeld, "lock"},
		{Fault{Status: 400, Code: "InvalidRequest", Message: "Object is WORM protected and cannot be overwritten"}, connectors.KindHeld, "lock"},
		{Fault{Status: 400, Code: "InvalidRequest", Message: "Bucket is missing Object Lock Configuration"}, connectors.KindUnsupported, "Object Lock"},
		{Fault{Status: 400, Code: "AccessControlListNotSupported", Message: "The bucket does not allow ACLs"}, connectors.KindInvalid, "leave the option acl out"},
		{Fault{Status: 400, Code: "InvalidRequest", Message: "The object was stored using a form of Server Side Encryption. The correct parameters must be provided to retrieve the object."}, connectors.KindInvalid, "customerKey"},
		{Fault{Status: 403, Code: "AccessDenied", Message: "User: arn:aws:iam::1:user/x is not authorized to perform: kms:GenerateDataKey on resource"}, connectors.KindPermission, "kms:Decrypt"},
		{Fault{Status: 403, Code: "AccessDenied", Message: "Access Denied"}, connectors.KindPermission, "grant the access key"},
		{Fault{Status: 400, Code: "InvalidStorageClass", Message: "The storage class you specified is not valid"}, connectors.KindInvalid, "storageClass"},
		{Fault{Status: 404, Code: "NoSuchVersion", Message: ""}, connectors.KindNotFound, ""},
		{Fault{Status: 501, Code: "NotImplemented", Message: "A header you provided implies functionality that is not implemented."}, connectors.KindUnsupported, "not implemented"},
	} {
		err := p.failed(t.Context(), "set lock", "clip", &test.fault)
		if connectors.KindOf(err) != test.kind || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%+v: %v; want kind %q that says %q", test.fault, err, test.kind, test.says)
		}
	}
}

func TestKindsOfStores(t *testing.T) {
	for endpoint, want := range map[string]string{
		"abc.r2.cloudflarestorage.com": "Cloudflare R2", "ABC.eu.r2.cloudflarestorage.com:443": "Cloudflare R2", "storage.googleapis.com": "Google Cloud Storage",
		"s3.eu-central-003.backblazeb2.com": "Backblaze B2", "s3.wasabisys.com": "Wasabi", "bucket.s3.eu-west-1.amazonaws.com": "Amazon S3", "r2.cloudflarestorage.com.evil.example": "",
	} {
		if got := kindOf(endpoint, nil).name; got != want {
			t.Errorf("%s is %q; want %q", endpoint, got, want)
		}
	}
	for server, want := range map[string]string{"MinIO": "MinIO", "VERSITYGW": "versitygw", "Ceph Object Gateway (squid)": "Ceph Object Gateway", "nginx": "nginx", "": ""} {
		if got := kindOf("10.0.0.1:9000", http.Header{"Server": {server}}).name; got != want {
			t.Errorf("Server: %s is %q; want %q", server, got, want)
		}
	}
}

// A path arrives at the store as it was, whatever is in it.
func TestEscape(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.String().Draw(t, "key")
		base := &url.URL{Scheme: "https", Host: "store", Path: "/bucket"}
		req, err := Request{Method: http.MethodGet, Key: key, Query: url.Values{"versionId": {key}}}.New(t.Context(), base)
		if err != nil {
			t.Fatal(err)
		}
		again, err := url.Parse(req.URL.String())
		if err != nil || again.Path != "/bucket/"+key || again.Query().Get("versionId") != key {
			t.Fatalf("%q arrives as %q, %v", key, again, err)
		}
		if strings.ContainsAny(req.URL.EscapedPath(), "+ !*'(),;=@&$") {
			t.Fatalf("%q is escaped as %q", key, req.URL.EscapedPath())
		}
	})
}

func FuzzReadRestore(f *testing.F) {
	for _, seed := range []string{"", `ongoing-request="true"`, `ongoing-request="false", expiry-date="Fri, 21 Dec 2012 00:00:00 GMT"`, `ongoing-request="false"`, `ongoing-request=`, `expiry-date="x", ongoing-request="false"`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		state, expires, err := readRestore(value)
		switch {
		case err == nil && state != connectors.Archived && state != connectors.Restoring && state != connectors.Restored:
			t.Errorf("%q is %q", value, state)
		case state != connectors.Restored && !expires.IsZero():
			t.Errorf("%q is %q and expires", value, state)
		case value != "" && state == connectors.Archived:
			t.Errorf("%q counts as nothing", value)
		}
	})
}

func FuzzReadVersions(f *testing.F) {
	f.Add([]byte(`<ListVersionsResult><EncodingType>url</EncodingType><Name>b</Name><DeleteMarker><Key>a%20b</Key><VersionId>2</VersionId><IsLatest>true</IsLatest></DeleteMarker><Version><Key>a%20b</Key><VersionId>1</VersionId><Size>7</Size><ETag>"e"</ETag><LastModified>2024-02-29T12:00:00.000Z</LastModified></Version></ListVersionsResult>`))
	f.Add([]byte(`<ListVersionsResult><IsTruncated>true</IsTruncated><NextKeyMarker>%zz</NextKeyMarker></ListVersionsResult>`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var page versionsPage
		if xml.Unmarshal(data, &page) != nil {
			return
		}
		for _, line := range page.Versions {
			v := line.version("clip")
			if v.Path != "clip" || v.Size < 0 {
				t.Errorf("%q has the version %+v", data, v)
			}
			_, _ = page.plain(line.Key)
		}
	})
}
