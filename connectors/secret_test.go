package connectors_test

import (
	"errors"
	"strings"
	"testing"

	"gantry/connectors"
)

func TestTakeSecrets(t *testing.T) {
	pigeon := connectors.Connector{Name: "pigeon", Options: []connectors.Option{{Name: "password", Secret: true, InURL: "password"}}}
	bucket := connectors.Connector{Name: "bucket", Options: []connectors.Option{
		{Name: "accessKey", Secret: true, InURL: "user"}, {Name: "secretKey", Secret: true, InURL: "password"},
	}}
	signed := connectors.Connector{Name: "signed", Options: []connectors.Option{{Name: "query", Secret: true, InURL: "query"}}}
	mute := connectors.Connector{Name: "mute"}
	keep := func(option, secret string) (string, error) { return "file:/kept/" + option + "/" + secret, nil }

	for name, test := range map[string]struct {
		connector connectors.Connector
		url       string
		options   map[string]string
		want      string
		password  string // the reference
		says      string // of an error
	}{
		"a password":           {pigeon, "pigeon://me:p%40ss@loft/x", nil, "pigeon://me@loft/x", "file:/kept/password/p@ss", ""},
		"a pair of keys":       {bucket, "bucket://AK:SK@host/x", nil, "bucket://host/x", "file:/kept/secretKey/SK", ""},
		"a signed query":       {signed, "signed://host/x?sig=abc&e=1", nil, "signed://host/x", "file:/kept/query/sig=abc&e=1", ""},
		"no use for a query":   {pigeon, "pigeon://loft/x?hunter2", nil, "", "", "no use"},
		"no password":          {pigeon, "pigeon://me@loft/x", nil, "pigeon://me@loft/x", "", ""},
		"no use for it":        {mute, "mute://me:hunter2@host/", nil, "", "", "no use"},
		"given twice":          {pigeon, "pigeon://me:hunter2@loft/x", map[string]string{"password": "env:X"}, "", "", "take it out"},
		"a URL that is no URL": {pigeon, "pigeon://%zz:hunter2@x", nil, "", "", "does not parse"},
		"an empty password":    {pigeon, "pigeon://me:@loft/x", nil, "pigeon://me@loft/x", "file:/kept/password/", ""},
	} {
		got, err := test.connector.TakeSecrets(connectors.Location{URL: test.url, Options: test.options}, keep)
		if test.says != "" {
			if connectors.KindOf(err) != connectors.KindInvalid || !strings.Contains(err.Error(), test.says) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("%s: %v; want it to say %q and no secret", name, err, test.says)
			}
			continue
		}
		reference := got.Options["password"] + got.Options["secretKey"] + got.Options["query"]
		if err != nil || got.URL != test.want || reference != test.password {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	full := errors.New("disk full")
	if _, err := pigeon.TakeSecrets(connectors.Location{URL: "pigeon://me:x@loft"}, func(string, string) (string, error) { return "", full }); !errors.Is(err, full) {
		t.Errorf("a secret that cannot be kept: %v", err)
	}
}
