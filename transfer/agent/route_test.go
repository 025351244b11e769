package agent

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gantry/connectors"
	"gantry/transfer/agent/naming"
	"gantry/transfer/watch"
)

func TestRoutesThatWouldFeedThemselvesAreRefused(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	in, store := filepath.Join(base, "in"), filepath.Join(base, "store")
	loop := routePlan{name: "r", from: folder(in), to: folder(filepath.Join(in, "out"))}
	if _, err := build(loop, watch.Options{}); connectors.KindOf(err) != connectors.KindInvalid {
		t.Errorf("a destination in the watched folder: %v", err)
	}
	inner := routePlan{name: "r", from: folder(filepath.Join(store, "in")), to: folder(store), path: "{{.Path}}"}
	r, err := build(inner, watch.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for path, ok := range map[string]bool{"in/a.mov": false, "inn/a.mov": true, "a.mov": true} {
		if _, err := r.destination(naming.FactsOf("0123456789abcdef", path, "s", "r", time.Unix(0, 0))); (err == nil) != ok {
			t.Errorf("%s: %v", path, err)
		}
	}
	remote := routePlan{name: "r", from: connectors.Location{Name: "box", URL: "sftp://box/in"}, to: folder(store)}
	if _, err := build(remote, watch.Options{}); connectors.KindOf(err) != connectors.KindUnsupported || !strings.Contains(err.Error(), "box") {
		t.Errorf("a remote source: %v", err)
	}
}
