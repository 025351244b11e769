package connectors_test

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"gantry/connectors"
)

func TestDigestsAreWrittenAsAnyMap(t *testing.T) {
	texts := rapid.OneOf(rapid.StringMatching(`[0-9a-zA-Z-]{0,40}`), rapid.String())
	rapid.Check(t, func(t *rapid.T) {
		d := connectors.Digests{}
		for range rapid.IntRange(0, 5).Draw(t, "algorithms") {
			d[connectors.Algorithm(texts.Draw(t, "algorithm"))] = texts.Draw(t, "sum")
		}
		if rapid.Bool().Draw(t, "nil") && len(d) == 0 {
			d = nil
		}
		type asMap struct {
			D map[connectors.Algorithm]string `json:"d"`
			E map[connectors.Algorithm]string `json:"e,omitempty"`
		}
		type asDigests struct {
			D connectors.Digests `json:"d"`
			E connectors.Digests `json:"e,omitempty"`
		}
		want, err := json.Marshal(asMap{d, d})
		if err != nil {
			t.Fatal(err)
		}
		got, err := json.Marshal(asDigests{d, d})
		if err != nil || string(got) != string(want) {
			t.Fatalf("%v: %s, want %s: %v", slices.Sorted(maps.Keys(d)), got, want, err)
		}
	})
}
