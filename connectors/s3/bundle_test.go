package s3_test

import (
	"testing"

	"gantry/connectors"
	"gantry/connectors/s3"
	"gantry/connectors/servers"
)

// The authorities of AWS_CA_BUNDLE are trusted as by all tools of AWS, and
// its variable for another endpoint is heard.
func TestBundleOfTheEnvironment(t *testing.T) {
	alone(t)
	g, err := servers.StartVersityGWWith(t.Context(), t.TempDir(), servers.VersityGWOptions{TLS: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := g.MakeBucket(t.Context(), "bucket"); err != nil {
		t.Fatal(err)
	}
	t.Setenv("AWS_ACCESS_KEY_ID", g.AccessKey)
	t.Setenv("AWS_SECRET_ACCESS_KEY", g.SecretKey)
	t.Setenv("AWS_ENDPOINT_URL_S3", g.Endpoint)
	for bundle, want := range map[string]connectors.Kind{"": connectors.KindHostKey, g.CAFile(): connectors.KindNotFound} {
		t.Setenv("AWS_CA_BUNDLE", bundle)
		p, err := s3.Connector().Open(t.Context(), connectors.Location{URL: "s3://bucket"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Stat(t.Context(), "clip"); connectors.KindOf(err) != want {
			t.Errorf("with the bundle %q: %v; want kind %q", bundle, err, want)
		}
		_ = p.Close()
	}
}

// A customer's key does not cross the network in the clear, whoever names the
// endpoint.
func TestKeysAreNotSentInTheClear(t *testing.T) {
	alone(t)
	t.Setenv("AWS_ACCESS_KEY_ID", "key")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	t.Setenv("AWS_ENDPOINT_URL_S3", "http://store.example")
	t.Setenv("CUSTOMER", "dGhpcyBrZXkgaGFzIDMyIGJ5dGVzLCBieSBkZXNpZ24=")
	_, err := s3.Connector().Open(t.Context(), connectors.Location{URL: "s3://bucket", Options: map[string]string{"encryption": "sse-c", "customerKey": "env:CUSTOMER"}})
	if connectors.KindOf(err) != connectors.KindInvalid {
		t.Errorf("%v; want it refused", err)
	}
}
