package resources_test

import (
	"strings"
	"testing"

	"gantry/orchestrator/resources"
)

// A file:// location is a folder of its site's machines: on those of another site,
// the same URL is another folder.
func TestFoldersAreReachedFromTheirOwnSite(t *testing.T) {
	const (
		sites   = "Site"
		places  = "Location"
		ofA     = `{ site: venue, url: "file:///a" }`
		ofB     = `{ site: centre, url: "file:///b" }`
		network = `{ site: centre, url: "sftp://me@host/b", options: { identityFile: "/key" } }`
	)
	both := doc("Site", "venue", "{}") + "---\n" + doc("Site", "centre", "{}")
	route := doc("Route", "in", "{ site: venue, from: a, to: b }")
	for name, test := range map[string]struct {
		a, b, more string
		texts      map[string]string
		want       string
	}{
		"a route into a folder of another site": {
			a: ofA, b: ofB, texts: map[string]string{"Route": route},
			want: "Route.yaml:1: Route/in: to: Location/b is a folder (file://) of the site centre, which the agents of venue do not reach: name a location of their site",
		},
		"a route out of a folder of another site": {
			a: ofB, b: ofA, texts: map[string]string{"Route": route},
			want: "Route.yaml:1: Route/in: from: Location/a is a folder (file://) of the site centre",
		},
		"a route over the network": {a: ofA, b: network, texts: map[string]string{"Route": route}},
		"an archive at another site": {
			a: ofA, b: ofA, more: doc("Location", "cold", `{ site: centre, url: "file:///cold", tier: cold }`), texts: map[string]string{"Route": route},
			want: "Location/cold: archive copies: Location/cold is a folder (file://) of the site centre, which the agents of venue do not reach",
		},
		"an archive where arrivals go": {
			a: ofA, b: network, more: doc("Location", "cold", `{ site: centre, url: "file:///cold", tier: cold }`), texts: map[string]string{"Route": route},
		},
		"an archive without a route": {a: ofA, b: ofA, more: doc("Location", "cold", `{ site: centre, url: "file:///cold", tier: cold }`)},
		"a partner at another site": {
			a: ofA, b: ofA, more: doc("Location", "out", `{ site: centre, url: "file:///out" }`),
			texts: map[string]string{"Route": route, "Partner": doc("Partner", "p", "{ location: out, profile: original }")},
			want:  "Partner.yaml:1: Partner/p: location: Location/out is a folder (file://) of the site centre, which the agents of venue do not reach",
		},
		"a partner of renditions from another site": {
			a: ofA, b: ofA, more: doc("Location", "made", `{ site: centre, url: "file:///made", role: renditions }`),
			texts: map[string]string{"Profile": world()["Profile"], "Partner": doc("Partner", "p", "{ location: a, profile: tiny }")},
			want:  "Partner/p: location: Location/a is a folder (file://) of the site venue, which the agents of centre do not reach",
		},
	} {
		t.Run(name, func(t *testing.T) {
			texts := map[string]string{sites: both, places: doc("Location", "a", test.a) + "---\n" + doc("Location", "b", test.b)}
			if test.more != "" {
				texts["More"] = test.more
			}
			for kind, text := range test.texts {
				texts[kind] = text
			}
			_, err := resources.Read(files(texts), "/data")
			if test.want == "" && err != nil {
				t.Error(err)
			}
			if test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
		})
	}
}
