package all_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gantry/connectors"
	"gantry/connectors/all"
)

func TestConnectorsAreDeclared(t *testing.T) {
	owner := make(map[string]string)
	for _, c := range all.Connectors() {
		if c.Name == "" || c.Summary == "" || c.Open == nil || len(c.Schemes) == 0 {
			t.Errorf("%q is declared in part only", c.Name)
		}
		for _, scheme := range c.Schemes {
			if owner[scheme] != "" {
				t.Errorf("%s and %s both claim %s://", owner[scheme], c.Name, scheme)
			}
			owner[scheme] = c.Name
		}
		seen := make(map[string]bool)
		for _, o := range c.Options {
			if o.Name == "" || o.Help == "" || seen[o.Name] {
				t.Errorf("%s: the option %q has no name or help, or is there twice", c.Name, o.Name)
			}
			if o.Secret && o.Example != "" && !strings.HasPrefix(o.Example, "env:") && !strings.HasPrefix(o.Example, "file:") {
				t.Errorf("%s: the example of the secret %q is no reference", c.Name, o.Name)
			}
			seen[o.Name] = true
		}
	}
}

func TestOpen(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "clip.mov"), []byte("frames"), 0o600); err != nil {
		t.Fatal(err)
	}
	l, path, err := all.Parse(filepath.Join(dir, "clip.mov"))
	if err != nil {
		t.Fatal(err)
	}
	place, err := all.Open(t.Context(), l)
	if err != nil {
		t.Fatal(err)
	}
	defer place.Close()
	if entry, err := place.Stat(t.Context(), path); err != nil || entry.Size != 6 {
		t.Errorf("stat %q = %+v, %v", path, entry, err)
	}
}

func TestOpenRefuses(t *testing.T) {
	for name, test := range map[string]struct {
		location connectors.Location
		says     string
	}{
		"an unknown scheme":  {connectors.Location{URL: "gopher://host/x"}, "file, sftp, ftp"},
		"no scheme":          {connectors.Location{URL: "/media"}, "these are there"},
		"nothing":            {connectors.Location{}, "these are there"},
		"an unknown option":  {connectors.Location{URL: "s3://bucket", Options: map[string]string{"color": "red"}}, `no option "color"`},
		"a secret":           {connectors.Location{URL: "sftp://user:hunter2@host/"}, "env:NAME"},
		"a literal key":      {connectors.Location{URL: "s3+https://host/bucket", Options: map[string]string{"accessKey": "AKIA", "secretKey": "hunter2"}}, "env:NAME"},
		"half a pair":        {connectors.Location{URL: "s3+https://host/bucket", Options: map[string]string{"accessKey": "env:PATH"}}, "give both"},
		"a path style":       {connectors.Location{URL: "s3+https://host/bucket", Options: map[string]string{"pathStyle": "maybe"}}, "auto, true nor false"},
		"a checksum":         {connectors.Location{URL: "s3://bucket", Options: map[string]string{"checksum": "md5"}}, "auto, crc64nvme or none"},
		"no bucket":          {connectors.Location{URL: "s3+https://host"}, "names no bucket"},
		"a prefix with dots": {connectors.Location{URL: "s3://bucket/../x"}, "without dots"},
		"a query":            {connectors.Location{URL: "s3://bucket/x?y"}, "%3F"},
		"a user":             {connectors.Location{URL: "s3://user@bucket/x"}, "accessKey"},
	} {
		_, err := all.Open(t.Context(), test.location)
		if connectors.KindOf(err) != connectors.KindInvalid || !strings.Contains(err.Error(), test.says) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v; want KindInvalid that says %q, and no secret", name, err, test.says)
		}
	}
}
