package objectstore_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"pgregory.net/rapid"

	"gantry/connectors/objectstore"
)

// What we sign is what Amazon's own signer signs, for every request.
func TestSignaturesAreAmazons(t *testing.T) {
	s := &objectstore.Signer{Service: "s3", Region: "eu-central-1"}
	theirs := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[ -~é]{0,12}`)
		base := &url.URL{Scheme: "http", Host: rapid.SampledFrom([]string{"host", "host:9000", "b.s3.amazonaws.com"}).Draw(t, "host"), Path: "/bucket"}
		r := objectstore.Request{Method: rapid.SampledFrom([]string{"GET", "PUT", "HEAD", "POST"}).Draw(t, "method"), Key: text.Draw(t, "key"), Query: url.Values{}, Header: http.Header{}}
		for range rapid.IntRange(0, 3).Draw(t, "queries") {
			r.Query.Set(text.Draw(t, "name"), text.Draw(t, "value"))
		}
		for range rapid.IntRange(0, 4).Draw(t, "headers") {
			name := rapid.SampledFrom([]string{"Range", "If-Match", "Content-Type", "X-Amz-Meta-A", "X-Amz-Meta-B-C"}).Draw(t, "header")
			value := strings.TrimSpace(text.Draw(t, "header value"))
			if value != "" {
				r.Header[name] = append(r.Header[name], value)
			}
		}
		keys := objectstore.Keys{Secret: rapid.StringN(1, 20, -1).Draw(t, "secret"), Token: rapid.SampledFrom([]string{"", "token"}).Draw(t, "token")}
		keys.Access = fmt.Sprintf("AKIA%x", keys.Secret) // by which theirs remembers what it has derived
		now := time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "now"), 0)
		ours, err := r.New(t.Context(), base)
		if err != nil {
			t.Fatal(err)
		}
		want := ours.Clone(t.Context())
		s.Sign(ours, keys, objectstore.UnsignedPayload, now)
		want.Header.Set("X-Amz-Content-Sha256", objectstore.UnsignedPayload)
		credentials := aws.Credentials{AccessKeyID: keys.Access, SecretAccessKey: keys.Secret, SessionToken: keys.Token}
		if err := theirs.SignHTTP(t.Context(), credentials, want, objectstore.UnsignedPayload, "s3", "eu-central-1", now); err != nil {
			t.Fatal(err)
		}
		if got, want := ours.Header.Get("Authorization"), want.Header.Get("Authorization"); got != want {
			t.Fatalf("%s %s %v\n%s\n%s", ours.Method, ours.URL, ours.Header, got, want)
		}
		if ours.URL.String() != want.URL.String() {
			t.Fatalf("asked for %s; signed %s", ours.URL, want.URL)
		}
	})
}
