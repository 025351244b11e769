package connectors_test

import (
	"strings"
	"testing"
	"time"

	"gantry/connectors"
)

func TestOptionReader(t *testing.T) {
	t.Parallel()
	c := connectors.Connector{Options: []connectors.Option{{Name: "create", Default: "true"}, {Name: "timeout", Default: "30s"}, {Name: "listing", Default: "auto"}, {Name: "connections", Default: "4"}}}
	r := c.Reader(connectors.Location{Options: map[string]string{"connections": "64"}}, "ftp://host/")
	if create, timeout, listing, n := r.Flag("create"), r.Duration("timeout"), r.OneOf("listing", "auto", "list"), r.Number("connections", 1, 64); !create || timeout != 30*time.Second || listing != "auto" || n != 64 {
		t.Error(create, timeout, listing, n)
	}
	if err := r.Err(); err != nil {
		t.Error(err)
	}

	for name, read := range map[string]func(*connectors.OptionReader){
		"create":      func(r *connectors.OptionReader) { r.Flag("create") },
		"timeout":     func(r *connectors.OptionReader) { r.Duration("timeout") },
		"listing":     func(r *connectors.OptionReader) { r.OneOf("listing", "auto", "list") },
		"connections": func(r *connectors.OptionReader) { r.Number("connections", 1, 64) },
	} {
		for _, value := range []string{"", "0s", "65", "maybe"} {
			r := c.Reader(connectors.Location{Options: map[string]string{name: value}}, "ftp://host/")
			read(r)
			r.Refuse("another", "is wrong too", "mend it")
			if err := r.Err(); connectors.KindOf(err) != connectors.KindInvalid || !strings.Contains(err.Error(), name) {
				t.Errorf("%s: %q: %v", name, value, err)
			}
		}
	}
}
