package connectors_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gantry/connectors"
)

var carrier = connectors.Connector{
	Name: "carrier", Schemes: []string{"carrier"},
	Options: []connectors.Option{{Name: "pigeons", Default: "3"}, {Name: "password", Secret: true}},
}

func TestOption(t *testing.T) {
	l := connectors.Location{Options: map[string]string{"password": ""}}
	for name, want := range map[string]string{"pigeons": "3", "password": "", "unknown": ""} {
		if got := carrier.Option(l, name); got != want {
			t.Errorf("option %s = %q; want %q", name, got, want)
		}
	}
	l.Options["pigeons"] = "7"
	if got := carrier.Option(l, "pigeons"); got != "7" {
		t.Errorf("option pigeons = %q; want the location's own", got)
	}
}

func TestCheck(t *testing.T) {
	if err := carrier.Check(connectors.Location{URL: "carrier://me@loft/path", Options: map[string]string{"pigeons": "2"}}); err != nil {
		t.Errorf("a good location: %v", err)
	}
	for name, test := range map[string]struct {
		location connectors.Location
		says     string
	}{
		"a URL that does not parse": {connectors.Location{Name: "loft", URL: "carrier://%zz"}, "scheme://host/path"},
		"a secret in the URL":       {connectors.Location{URL: "carrier://me:hunter2@loft/"}, "password: env:NAME"},
		"an unknown proof":          {connectors.Location{URL: "carrier://loft/", Proof: "faith"}, "size"},
		"an unknown option":         {connectors.Location{URL: "carrier://loft/", Options: map[string]string{"owls": "1"}}, "pigeons, password"},
	} {
		err := carrier.Check(test.location)
		if connectors.KindOf(err) != connectors.KindInvalid || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: %v; want it to say %q", name, err, test.says)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: the error tells the secret: %v", name, err)
		}
	}
}

func TestSecret(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte("s3cr3t \r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("CARRIER_PASSWORD", "from env")
	for reference, want := range map[string]string{"": "", "env:CARRIER_PASSWORD": "from env", "file:" + file: "s3cr3t "} {
		if got, err := connectors.Secret(reference); err != nil || got != want {
			t.Errorf("Secret(%q) = %q, %v; want %q", reference, got, err, want)
		}
	}
	for reference, want := range map[string]connectors.Kind{
		"env:CARRIER_NOTHING": connectors.KindAuth, "file:/no/such/file": connectors.KindAuth, "hunter2": connectors.KindInvalid, "age:x": connectors.KindInvalid,
	} {
		_, err := connectors.Secret(reference)
		if connectors.KindOf(err) != want {
			t.Errorf("Secret(%q): %v; want kind %q", reference, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("the error tells the secret: %v", err)
		}
	}
}
