package function_test

import (
	"strings"
	"testing"

	"gantry/orchestrator/function"
)

func TestPackedDeliveriesAreNamedSo(t *testing.T) {
	w := newWorld(t, `
apiVersion: gantry/v1
kind: Location
metadata: { name: small }
spec: { site: venue, url: "file://${DATA}/partner", options: { compress: zstd } }
---
apiVersion: gantry/v1
kind: Partner
metadata: { name: saver }
spec:
  location: small
  profile: original
  manifest: true
  sidecar: { format: xml, name: "{{.Asset.Stem}}.xml", template: "<a/>" }
`)
	asset, ref := w.asset("clip.mxf")
	_, o := w.pending("deliver", asset, "k1", function.DeliverInput{Partner: "saver"})
	if got := o.Files[0].Destinations[0].Path; !strings.HasSuffix(got, "/clip.mxf.zst") {
		t.Errorf("the file goes to %s", got)
	}
	if got := o.Documents[0].Destinations[0].Path; !strings.HasSuffix(got, "/clip.xml.zst") {
		t.Errorf("the sidecar goes to %s", got)
	}
	if got := o.Manifest.Root; strings.HasSuffix(got, ".zst") {
		t.Errorf("the manifest goes to %s", got)
	}

	_, err := w.call("archive", asset, "k2", function.ArchiveInput{Source: ref, Location: "small"})
	w.wantFault(err, "configuration", "only deliveries can be")
}
