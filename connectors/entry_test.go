package connectors_test

import (
	"testing"
	"time"

	"gantry/connectors"
)

func TestDigestsAgree(t *testing.T) {
	ours := connectors.Digests{connectors.MD5: "aa", connectors.SHA256: "bb"}
	for name, test := range map[string]struct {
		theirs connectors.Digests
		common int
		equal  bool
	}{
		"none in common":  {connectors.Digests{connectors.SHA1: "cc"}, 0, true},
		"no digests":      {nil, 0, true},
		"one, the same":   {connectors.Digests{connectors.MD5: "aa", connectors.SHA1: "cc"}, 1, true},
		"one of two same": {connectors.Digests{connectors.MD5: "aa", connectors.SHA256: "xx"}, 2, false},
	} {
		if common, equal := ours.Agree(test.theirs); common != test.common || equal != test.equal {
			t.Errorf("%s: %d, %v; want %d, %v", name, common, equal, test.common, test.equal)
		}
		if common, equal := test.theirs.Agree(ours); common != test.common || equal != test.equal {
			t.Errorf("%s, the other way round: %d, %v", name, common, equal)
		}
	}
}

func TestSameVersion(t *testing.T) {
	when := time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC)
	entry := connectors.Entry{Path: "a", Size: 1, ModTime: when, Version: "v1"}
	for name, test := range map[string]struct {
		other connectors.Entry
		same  bool
	}{
		"another path and zone": {connectors.Entry{Path: "b", Size: 1, ModTime: when.In(time.FixedZone("", 3600)), Version: "v1"}, true},
		"another size":          {connectors.Entry{Size: 2, ModTime: when, Version: "v1"}, false},
		"another time":          {connectors.Entry{Size: 1, ModTime: when.Add(1), Version: "v1"}, false},
		"another version":       {connectors.Entry{Size: 1, ModTime: when, Version: "v2"}, false},
	} {
		if got := entry.SameVersion(test.other); got != test.same {
			t.Errorf("%s: %v", name, got)
		}
	}
}
