package web_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"gantry/connectors"
	"gantry/connectors/servers"
	"gantry/connectors/web"
	"gantry/connectors/web/grant"
)

const s3Part = 5 << 20

// A signer makes the URLs of one multipart upload, as a hub would.
type signer struct {
	gateway *servers.VersityGW
	presign *s3.PresignClient
	bucket  string
	key     string
	upload  string
	life    time.Duration
	noGet   bool
	at      time.Time // when the parts are signed; zero: now
}

func (s signer) Part(ctx context.Context, number int) (string, error) {
	if !s.at.IsZero() {
		return s.sign(ctx, http.MethodPut, s.at, url.Values{"partNumber": {strconv.Itoa(number)}})
	}
	r, err := s.presign.PresignUploadPart(ctx, &s3.UploadPartInput{Bucket: &s.bucket, Key: &s.key, UploadId: &s.upload, PartNumber: aws.Int32(int32(number))}, s3.WithPresignExpires(s.life))
	if err != nil {
		return "", err
	}
	return r.URL, nil
}

func (s signer) Get(ctx context.Context) (string, error) {
	if s.noGet {
		return "", nil
	}
	r, err := s.presign.PresignGetObject(ctx, &s3.GetObjectInput{Bucket: &s.bucket, Key: &s.key}, s3.WithPresignExpires(s.life))
	if err != nil {
		return "", err
	}
	return r.URL, nil
}

func (s signer) Complete(ctx context.Context) (string, error) {
	return s.sign(ctx, http.MethodPost, time.Now(), url.Values{})
}

func (s signer) Abort(ctx context.Context) (string, error) {
	return s.sign(ctx, http.MethodDelete, time.Now(), url.Values{})
}

// sign does what the presigner of the SDK has no call for.
func (s signer) sign(ctx context.Context, method string, at time.Time, query url.Values) (string, error) {
	query.Set("uploadId", s.upload)
	query.Set("X-Amz-Expires", strconv.Itoa(int(s.life.Seconds())))
	r, err := http.NewRequestWithContext(ctx, method, s.gateway.Endpoint+"/"+s.bucket+"/"+s.key+"?"+query.Encode(), nil)
	if err != nil {
		return "", err
	}
	keys := aws.Credentials{AccessKeyID: s.gateway.AccessKey, SecretAccessKey: s.gateway.SecretKey}
	signed, _, err := v4.NewSigner().PresignHTTP(ctx, keys, r, "UNSIGNED-PAYLOAD", "s3", s.gateway.Region, at)
	return signed, err
}

// A store is a gateway with a bucket.
type store struct {
	gateway *servers.VersityGW
	client  *s3.Client
}

func startStore(t *testing.T) store {
	t.Helper()
	g, err := servers.StartVersityGW(t.Context(), t.TempDir())
	must(t, err)
	t.Cleanup(func() { _ = g.Stop() })
	must(t, g.MakeBucket(t.Context(), "media"))
	return store{g, s3.New(s3.Options{
		BaseEndpoint: &g.Endpoint, Region: g.Region, UsePathStyle: true,
		Credentials:                credentials.NewStaticCredentialsProvider(g.AccessKey, g.SecretKey, ""),
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenRequired,
	})}
}

// signer begins a multipart upload.
func (s store) signer(t *testing.T, key string) signer {
	t.Helper()
	up, err := s.client.CreateMultipartUpload(t.Context(), &s3.CreateMultipartUploadInput{Bucket: aws.String("media"), Key: &key})
	must(t, err)
	return signer{gateway: s.gateway, presign: s3.NewPresignClient(s.client), bucket: "media", key: key, upload: *up.UploadId, life: time.Hour}
}

func (s store) location(t *testing.T, g grant.Grant) connectors.Location {
	t.Helper()
	data, err := json.Marshal(g)
	must(t, err)
	name := filepath.Join(t.TempDir(), "grant.json")
	must(t, os.WriteFile(name, data, 0o600))
	return connectors.Location{URL: s.gateway.Endpoint, Options: map[string]string{"grant": "file:" + name}}
}

func make1(t *testing.T, s grant.Signer, path string, size int64) grant.Grant {
	t.Helper()
	g, err := grant.Make(t.Context(), s, grant.Terms{Path: path, Size: size, PartSize: s3Part, Expires: time.Now().Add(time.Hour)})
	must(t, err)
	return g
}

func openAt(t *testing.T, l connectors.Location) connectors.Place {
	t.Helper()
	p, err := web.Connector().Open(t.Context(), l)
	must(t, err)
	t.Cleanup(func() { _ = p.Close() })
	return p
}

// sendParts sends some parts at once, the last first.
func sendParts(t *testing.T, up connectors.Upload, data []byte, w *connectors.Whole, numbers ...int) {
	t.Helper()
	var group sync.WaitGroup
	for _, number := range numbers {
		offset := int64(number-1) * s3Part
		piece := data[offset:min(offset+s3Part, int64(len(data)))]
		group.Go(func() {
			part, err := up.WritePart(t.Context(), connectors.Part{Number: number, Offset: offset, Size: int64(len(piece))}, bytes.NewReader(piece))
			if err != nil {
				t.Error(err)
				return
			}
			w.Parts[number-1] = part
		})
	}
	group.Wait()
}

func TestGrants(t *testing.T) {
	s := startStore(t)
	data := bytes.Repeat([]byte("frames!!"), (3*s3Part+1000)/8)
	sum := sha256.Sum256(data)

	t.Run("an upload goes there and back, over two processes", func(t *testing.T) {
		l := s.location(t, make1(t, s.signer(t, "day1/clip.mxf"), "clip.mxf", int64(len(data))))
		first := openAt(t, l)
		traits := first.Traits()
		if traits.MinPart != s3Part || traits.MaxPart != s3Part || traits.MaxParts != 4 || traits.Sequential || traits.WriteOnly || !traits.AtomicCommit {
			t.Errorf("%+v", traits)
		}
		_, err := first.Stat(t.Context(), "clip.mxf")
		wantKind(t, "stat before", err, connectors.KindNotFound)
		up, err := first.Begin(t.Context(), "clip.mxf", connectors.UploadOptions{Size: int64(len(data))})
		must(t, err)
		w := connectors.Whole{Parts: make([]connectors.Part, 4), Size: int64(len(data))}
		sendParts(t, up, bytes.ToUpper(data), &w, 2) // to be replaced
		sendParts(t, up, data, &w, 4, 2)
		must(t, first.Close())

		second := openAt(t, l)
		taken, err := second.Begin(t.Context(), "clip.mxf", connectors.UploadOptions{Size: int64(len(data)), Resume: up.ID()})
		must(t, err)
		if taken.ID() != up.ID() {
			t.Errorf("%s is taken up as %s", up.ID(), taken.ID())
		}
		sendParts(t, taken, data, &w, 3, 1)
		e, err := taken.Commit(t.Context(), w)
		must(t, err)
		if again, err := taken.Commit(t.Context(), w); err != nil || again.Version != e.Version {
			t.Errorf("commit again: %+v, %v", again, err)
		}
		must(t, taken.Abort(t.Context()))
		stat, err := second.Stat(t.Context(), "clip.mxf")
		if err != nil || e.Size != int64(len(data)) || !stat.SameVersion(e) {
			t.Errorf("%+v; %+v, %v", e, stat, err)
		}
		got, err := read(second, "clip.mxf", 0, -1)
		if err != nil || sha256.Sum256([]byte(got)) != sum {
			t.Errorf("%d bytes came back, %v", len(got), err)
		}
		if got, err := read(second, "clip.mxf", s3Part-3, 6); got != string(data[s3Part-3:s3Part+3]) {
			t.Errorf("a range: %q, %v", got, err)
		}
		listed := 0
		for entry, err := range second.List(t.Context(), "") {
			if listed++; err != nil || entry.Path != "clip.mxf" {
				t.Errorf("%+v, %v", entry, err)
			}
		}
		if listed != 1 {
			t.Errorf("%d files are listed", listed)
		}
		_, err = second.Begin(t.Context(), "clip.mxf", connectors.UploadOptions{Size: 1})
		wantKind(t, "use it again", err, connectors.KindAuth)
	})

	t.Run("a part that arrives otherwise is refused", func(t *testing.T) {
		p := openAt(t, s.location(t, make1(t, s.signer(t, "bad.mxf"), "bad.mxf", 10)))
		up, err := p.Begin(t.Context(), "bad.mxf", connectors.UploadOptions{Size: 10})
		must(t, err)
		_, err = up.WritePart(t.Context(), connectors.Part{Number: 1, Size: 10, Digests: connectors.Digests{connectors.MD5: strings.Repeat("0", 32)}}, strings.NewReader("0123456789"))
		wantKind(t, "another MD5", err, connectors.KindIntegrity)
		_, err = up.WritePart(t.Context(), connectors.Part{Number: 2, Offset: s3Part, Size: 10}, strings.NewReader("0123456789"))
		wantKind(t, "a part that is not granted", err, connectors.KindInvalid)
		_, err = up.WritePart(t.Context(), connectors.Part{Number: 1, Size: 10}, strings.NewReader("short"))
		wantKind(t, "a short part", err, connectors.KindIncomplete)
	})

	t.Run("an empty file, without leave to read", func(t *testing.T) {
		sign := s.signer(t, "empty.mxf")
		sign.noGet = true
		p := openAt(t, s.location(t, make1(t, sign, "empty.mxf", 0)))
		if !p.Traits().WriteOnly {
			t.Error("it is no drop box")
		}
		up, err := p.Begin(t.Context(), "empty.mxf", connectors.UploadOptions{})
		must(t, err)
		_, err = up.Commit(t.Context(), connectors.Whole{})
		must(t, err)
		head, err := s.client.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: aws.String("media"), Key: aws.String("empty.mxf")})
		if err != nil || *head.ContentLength != 0 {
			t.Error(err)
		}
		_, err = p.Stat(t.Context(), "empty.mxf")
		wantKind(t, "stat", err, connectors.KindUnsupported)
		wantKind(t, "remove", p.Remove(t.Context(), "empty.mxf"), connectors.KindUnsupported)
	})

	t.Run("an aborted upload is gone, for other processes too", func(t *testing.T) {
		l := s.location(t, make1(t, s.signer(t, "aborted.mxf"), "aborted.mxf", 10))
		p, other := openAt(t, l), openAt(t, l)
		up, err := p.Begin(t.Context(), "aborted.mxf", connectors.UploadOptions{Size: 10})
		must(t, err)
		left, err := other.Begin(t.Context(), "aborted.mxf", connectors.UploadOptions{Size: 10, Resume: up.ID()})
		must(t, err)
		must(t, up.Abort(t.Context()))
		must(t, up.Abort(t.Context()))
		_, err = left.WritePart(t.Context(), connectors.Part{Number: 1, Size: 10}, strings.NewReader("0123456789"))
		wantKind(t, "send a part", err, connectors.KindNotFound)
		for _, p := range []connectors.Place{p, other} {
			_, err = p.Begin(t.Context(), "aborted.mxf", connectors.UploadOptions{Size: 10, Resume: up.ID()})
			wantKind(t, "take it up", err, connectors.KindNotFound)
			_, err = p.Begin(t.Context(), "aborted.mxf", connectors.UploadOptions{Size: 10})
			wantKind(t, "begin again", err, connectors.KindAuth)
		}
	})

	t.Run("an expired grant is refused, and a new document for the same upload goes on", func(t *testing.T) {
		sign := s.signer(t, "late.mxf")
		g := make1(t, sign, "late.mxf", 10)
		old := g
		old.Expires = time.Now().Add(-time.Second)
		l := s.location(t, old)
		p := openAt(t, l)
		_, err := p.Begin(t.Context(), "late.mxf", connectors.UploadOptions{Size: 10})
		if e := wantKind(t, "begin", err, connectors.KindAuth); !strings.Contains(e.Remedy, "new one") {
			t.Error(err)
		}
		renewed, err := json.Marshal(g)
		must(t, err)
		must(t, os.WriteFile(strings.TrimPrefix(l.Options["grant"], "file:"), renewed, 0o600))
		_, err = upload(t, p, "late.mxf", []byte("0123456789"))
		must(t, err)
	})

	t.Run("a signature that has expired at the store is told, and not shown", func(t *testing.T) {
		sign := s.signer(t, "stale.mxf")
		sign.at = time.Now().Add(-2 * sign.life)
		_, err := upload(t, openAt(t, s.location(t, make1(t, sign, "stale.mxf", 10))), "stale.mxf", []byte("0123456789"))
		if kind := connectors.KindOf(err); kind != connectors.KindAuth && kind != connectors.KindPermission {
			t.Fatal(err)
		}
		if text := err.Error(); !strings.Contains(text, "new grant") || strings.Contains(text, "X-Amz") {
			t.Error(text)
		}
	})

	t.Run("one URL to put, one to get", func(t *testing.T) {
		presign, key := s3.NewPresignClient(s.client), aws.String("one/put.mxf")
		put, err := presign.PresignPutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("media"), Key: key})
		must(t, err)
		get, err := presign.PresignGetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("media"), Key: key})
		must(t, err)
		p := openAt(t, s.location(t, grant.Grant{Put: put.URL, Get: get.URL}))
		for _, size := range []int{100, 3 * megabyte} { // held back, and streamed
			up, w, err := beginAt(t, p, "put.mxf", frames(size))
			must(t, err)
			e, err := up.Commit(t.Context(), w)
			must(t, err)
			if got, err := read(p, "put.mxf", 0, -1); err != nil || got != string(frames(size)) || e.Size != int64(size)/8*8 {
				t.Errorf("%d of %d bytes, %+v, %v", len(got), size, e, err)
			}
		}
		_, err = p.Stat(t.Context(), "other.mxf")
		wantKind(t, "another file", err, connectors.KindNotFound)
	})
}

// TestASuccessThatIsNone is S3's answer 200 with an error in its body.
func TestASuccessThatIsNone(t *testing.T) {
	answers := []string{"<Error><Code>InternalError</Code></Error>", "<Error><Code>NoSuchUpload</Code></Error>"}
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if r.Method == http.MethodPut {
			w.Header().Set("ETag", `"1"`)
			return
		}
		_, _ = io.WriteString(w, "  \n"+answers[0])
		answers = answers[1:]
	})
	t.Setenv("WEB_GRANT", fmt.Sprintf(`{"path":"clip","partSize":100,"completeBody":"s3","complete":"%[1]s/c?sig=hunter2","parts":[{"number":1,"url":"%[1]s/1?sig=hunter2"}]}`, s.URL))
	p := open(t, s.URL, map[string]string{"grant": "env:WEB_GRANT"})
	up, err := p.Begin(t.Context(), "clip", connectors.UploadOptions{Size: 3})
	must(t, err)
	part, err := up.WritePart(t.Context(), connectors.Part{Number: 1, Size: 3}, strings.NewReader("abc"))
	must(t, err)
	w := connectors.Whole{Parts: []connectors.Part{part}, Size: 3}
	_, err = up.Commit(t.Context(), w)
	wantKind(t, "InternalError", err, connectors.KindUnavailable)
	_, err = up.Commit(t.Context(), w)
	if wantKind(t, "NoSuchUpload", err, connectors.KindNotFound); strings.Contains(err.Error(), "hunter2") {
		t.Error(err)
	}
}

// TestGrantsLeadNowhereInside unless the location's own host is there.
func TestGrantsLeadNowhereInside(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("ETag", `"1"`) })
	t.Setenv("WEB_GRANT", fmt.Sprintf(`{"path":"clip","put":"%s/x?sig=hunter2"}`, s.URL))
	for location, kind := range map[string]connectors.Kind{s.URL: "", "https://bucket.example": connectors.KindInvalid} {
		_, err := upload(t, open(t, location, map[string]string{"grant": "env:WEB_GRANT"}), "clip", []byte("x"))
		if connectors.KindOf(err) != kind {
			t.Errorf("%s: %v", location, err)
		}
	}
}
