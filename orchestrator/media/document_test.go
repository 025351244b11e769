package media

import (
	"fmt"
	"strings"
	"testing"

	"gantry/configs/resource"
)

// spec decodes the one document of data into v, which is made from the document's name.
func spec[T interface{ Validate() error }](file string, data []byte, make func(name string) T) (T, error) {
	var zero T
	docs, err := resource.Parse(file, data)
	if err != nil {
		return zero, err
	}
	if len(docs) != 1 {
		return zero, fmt.Errorf("%s: %d documents", file, len(docs))
	}
	v := make(docs[0].Name)
	if err := docs[0].Decode(&v); err != nil {
		return zero, err
	}
	return v, v.Validate()
}

func readRules(file string, data []byte) (QCRules, error) { return spec(file, data, NewRules) }

func readProfile(file string, data []byte) (Profile, error) { return spec(file, data, NewProfile) }

func envelope(kind, body string) []byte {
	return []byte("apiVersion: gantry/v1\nkind: " + kind + "\nmetadata: {name: x}\nspec:\n" + body)
}

func TestRulesAreStrict(t *testing.T) {
	for _, c := range []struct{ name, spec, says string }{
		{"an unknown field", "  black:\n    wran: {seconds: 2}\n", "rules.yaml:6:5"},
		{"a wrong word", "  decode: {severity: fatal}\n", "rules.yaml:5"},
		{"a wrong type", "  duration:\n    min: long\n", "rules.yaml:6"},
		{"a share above 1", "  black: {fail: {share: 50}}\n", "black.fail.share"},
		{"an empty limit", "  freeze: {fail: {}}\n", "freeze.fail"},
		{"no rate", "  video: {frameRates: [fast]}\n", "fast"},
		{"not a number", "  silence: {level: .nan}\n", "silence.level"},
		{"a negative time", "  truncation: {tolerance: -1}\n", "truncation.tolerance"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := readRules("rules.yaml", envelope("QCRules", c.spec))
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Fatalf("got %v, want %q", err, c.says)
			}
		})
	}
	for _, name := range []string{"default", "broadcast"} {
		want(t, "name", rules(t, name).Name, name)
	}
}

func TestProfilesAreStrict(t *testing.T) {
	good := "  container: mp4\n  video: {codec: h264, pixelFormat: yuv420p}\n  audio: {codec: aac, bitRate: 128k}\n"
	if _, err := readProfile("p.yaml", envelope("Profile", good)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, spec, says string }{
		{"an unknown field", good + "  args: [-vf, x]\n", "p.yaml:8:3"},
		{"a flag that is not allowed", good + "  flags: [\"-f tee\"]\n", "flags"},
		{"an unknown codec", strings.Replace(good, "h264", "h266", 1), "video.codec"},
		{"an unknown pixel format", strings.Replace(good, "yuv420p", "\"yuv420p,movie=x\"", 1), "video.pixelFormat"},
		{"a bit rate of no sense", strings.Replace(good, "128k", "fast", 1), "p.yaml:7"},
		{"ProRes in MP4", strings.Replace(good, "h264", "prores", 1), "container mp4"},
		{"fields in DNxHR", "  container: mxf\n  video: {codec: dnxhr, pixelFormat: yuv422p, scan: keep}\n  audio: {codec: pcm24}\n", "video.scan"},
		{"a ladder without rungs", "  kind: hls\n  video: {codec: h264, pixelFormat: yuv420p}\n  audio: {codec: aac, bitRate: 96k}\n", "hls"},
		{"an upside-down ladder", "  kind: hls\n  video: {codec: h264, pixelFormat: yuv420p}\n  audio: {codec: aac, bitRate: 96k}\n" +
			"  hls: {segmentSeconds: 4, maxRungs: 2, rungs: [{height: 360, bitRate: 1M}, {height: 720, bitRate: 2M}]}\n", "highest"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := readProfile("p.yaml", envelope("Profile", c.spec))
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Fatalf("got %v, want %q", err, c.says)
			}
		})
	}
}
