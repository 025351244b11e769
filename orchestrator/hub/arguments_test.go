package hub

import (
	"strings"
	"testing"

	"gantry/orchestrator/function"
	"gantry/orchestrator/resources"
)

func TestArgumentsThatAreWrittenOutAreChecked(t *testing.T) {
	functions := byName(function.Catalogue(&function.Host{}))
	set, err := resources.Read([]resources.File{{Name: "set.yaml", Text: []byte(`
apiVersion: gantry/v1
kind: Site
metadata: { name: local }
spec: { title: Here }
---
apiVersion: gantry/v1
kind: Location
metadata: { name: club-tv }
spec: { site: local, url: "file:///club-tv" }
---
apiVersion: gantry/v1
kind: Partner
metadata: { name: club-tv }
spec: { location: club-tv, profile: proxy-h264 }
---
apiVersion: gantry/v1
kind: Profile
metadata: { name: proxy-h264 }
spec: { kind: file, container: mp4, video: { codec: h264, pixelFormat: yuv420p }, audio: { codec: aac, bitRate: 128k } }
`)}}, "/data")
	if err != nil {
		t.Fatal(err)
	}
	for task, want := range map[string]string{
		"call: deliver\n      with: { partner: club-tv }":           "",
		"call: deliver\n      with: { partner: \"${ .partner }\" }": "",
		"call: deliver\n      with: \"${ . }\"":                     "",
		"call: deliver\n      with: { partner: clubtv }":            `line 4, column 24: there is no Partner "clubtv"`,
		"call: deliver\n      with: { partnr: club-tv }":            `deliver needs the argument "partner"`,
		"call: deliver": `line 3, column 7: deliver needs the argument "partner"`,
		"call: transcode\n      with: { source: {}, media: {}, profiles: [proxy-h264, proxy-h265] }":    `there is no Profile "proxy-h265"`,
		"call: qc\n      with: { source: {}, rules: defalt }":                                           `there is no QCRules "defalt"`,
		"call: transfer\n      with: { source: {}, to: { location: a, path: b }, unknown: \"${ 1 }\" }": `transfer has no argument "unknown"`,
	} {
		problems := checkArguments([]byte("do:\n  - step:\n      "+task+"\n"), functions, set)
		got := ""
		if len(problems) > 0 {
			got = problems.Error()
		}
		if (want == "") != (got == "") || !strings.Contains(got, want) {
			t.Errorf("%s\n  gives %q, want %q", task, got, want)
		}
	}
}
