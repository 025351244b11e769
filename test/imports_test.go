// Package test holds what spans packages: the rules of the house, end-to-end runs,
// crash and fault runs.
package test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"
)

// A rule names packages that others must not import, and why.
type rule struct {
	from, to string // prefixes of import paths below the module
	except   []string
	why      string
}

var rules = []rule{
	{from: "connectors", to: "transfer", why: "a connector is a place; it knows nothing of who moves files"},
	{from: "connectors", to: "policy", why: "connectors are at the bottom"},
	{from: "connectors", to: "orchestrator", why: "connectors are at the bottom"},
	{from: "connectors", to: "configs", why: "a connector gets its location as a value"},
	{from: "transfer", to: "orchestrator", why: "transfer knows no workflow; an agent works without a hub"},
	{from: "transfer", to: "policy", why: "an agent carries out decisions, it does not take them"},
	{from: "policy", to: "connectors", why: "policy decides on facts and does no I/O"},
	{from: "policy", to: "transfer", why: "policy decides on facts and does no I/O"},
	{from: "policy", to: "orchestrator", why: "policy decides on facts and does no I/O"},
	{from: "orchestrator/flow", to: "", why: "the workflow language is a pure core that knows nothing but the language"},
	{from: "orchestrator/media", to: "orchestrator", except: []string{"orchestrator/media"}, why: "media works on local files and knows no workflow"},
	{from: "configs", to: "", except: []string{"configs"}, why: "configs is a leaf that everyone may import"},
	{from: "connectors", to: "cmd", why: "nothing imports the command line"},
	{from: "transfer", to: "cmd", why: "nothing imports the command line"},
	{from: "orchestrator", to: "cmd", why: "nothing imports the command line"},
	{from: "transfer/digest", to: "transfer", except: []string{"transfer/digest"}, why: "leaves of transfer know only the contract of a place"},
	{from: "transfer/durable", to: "", except: []string{"transfer/durable"}, why: "a leaf that writes small files knows nobody"},
	{from: "transfer/chunk", to: "transfer", except: []string{"transfer/chunk"}, why: "leaves of transfer know only the contract of a place"},
	{from: "transfer/journal", to: "transfer", except: []string{"transfer/journal", "transfer/chunk"}, why: "the journal keeps what it is given"},
	{from: "transfer/watch", to: "transfer", except: []string{"transfer/watch"}, why: "the watcher tells what has settled and moves nothing"},
	{from: "transfer/custody", to: "transfer", except: []string{"transfer/custody", "transfer/manifest", "transfer/digest"}, why: "histories are kept with manifests and digests, and nothing is moved"},
	{from: "transfer/manifest", to: "", except: []string{"connectors", "transfer/manifest", "transfer/digest"}, why: "a manifest is bytes in, bytes out"},
	{from: "orchestrator/catalog", to: "orchestrator", except: []string{"orchestrator/catalog"}, why: "the catalogue is the hub's memory; it knows nobody who uses it"},
	{from: "orchestrator/engine", to: "orchestrator/api", why: "nothing but the hub knows the API"},
	{from: "orchestrator/function", to: "orchestrator/api", why: "nothing but the hub knows the API"},
	{from: "orchestrator/resources", to: "orchestrator/api", why: "nothing but the hub knows the API"},
	{from: "orchestrator/dispatch", to: "orchestrator/api", why: "the API knows the desk, not the reverse"},
	{from: "orchestrator/resources", to: "orchestrator/catalog", why: "documents are read without a database"},
}

// outside are imports that a pure core must not have.
var outside = []rule{
	{from: "orchestrator/flow", to: "net", why: "the core does no I/O"},
	{from: "orchestrator/flow", to: "os", why: "the core does no I/O"},
	{from: "orchestrator/flow", to: "math/rand", why: "the core is deterministic"},
	{from: "policy", to: "net", why: "policy does no I/O"},
	{from: "policy", to: "os", why: "policy does no I/O"},
	{from: "transfer/chunk", to: "os", why: "the plan of parts is pure"},
}

func TestImportsGoOneWay(t *testing.T) {
	t.Parallel()
	for path, imports := range packages(t) {
		for _, imported := range imports {
			inner, ours := strings.CutPrefix(imported, "gantry/")
			for _, r := range rules {
				if ours && below(path, r.from) && below(inner, r.to) && !belowAny(inner, r.except) && path != inner {
					t.Errorf("%s imports %s: %s", path, inner, r.why)
				}
			}
			for _, r := range outside {
				if !ours && below(path, r.from) && below(imported, r.to) {
					t.Errorf("%s imports %s: %s", path, imported, r.why)
				}
			}
		}
	}
}

func below(path, prefix string) bool {
	return prefix == "" || path == prefix || strings.HasPrefix(path, prefix+"/")
}

func belowAny(path string, prefixes []string) bool {
	for _, p := range prefixes {
		if below(path, p) {
			return true
		}
	}
	return false
}

// packages lists the module's packages with what they import outside of tests.
func packages(t *testing.T) map[string][]string {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports", "gantry/...")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	found := map[string][]string{}
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		found[strings.TrimPrefix(p.ImportPath, "gantry/")] = p.Imports
	}
	if len(found) < 10 {
		t.Fatalf("go list found only %d packages", len(found))
	}
	return found
}
