package connectors_test

import (
	"path/filepath"
	"strings"
	"testing"

	"gantry/connectors"
)

func TestCleanPath(t *testing.T) {
	for _, good := range []string{
		"a", "a/b", "a.b", ".hidden", "...", "a/..b", "-rf", " ", "new\nline", "日本語/素材.mxf", "a．b", "not-utf8-\xff", `back\slash`,
		strings.Repeat("a", 4096),
	} {
		if got, err := connectors.CleanPath(good); err != nil || got != good {
			t.Errorf("CleanPath(%q) = %q, %v", good, got, err)
		}
	}
	for _, bad := range []string{
		"", "/", "/a", "//a", ".", "..", "../a", "a/..", "a/../b", "a/../../b", "./a", "a/.", "a//b", "a/", "a\x00b",
		"．．/a", "a/．．", "‥", "․․/a", "．", "a／b", "a⁄..⁄b", "∕etc", strings.Repeat("a", 4097),
	} {
		_, err := connectors.CleanPath(bad)
		if connectors.KindOf(err) != connectors.KindInvalid {
			t.Errorf("CleanPath(%q): %v; want it refused as invalid", bad, err)
		}
	}
}

// FuzzCleanPath proves that no accepted path leaves the root.
func FuzzCleanPath(f *testing.F) {
	for _, seed := range []string{"a/b", "../a", "a/../../b", "/a", "a\x00", "．．/a", "a//b"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, p string) {
		got, err := connectors.CleanPath(p)
		if err != nil {
			return
		}
		if got != p || !filepath.IsLocal(p) || strings.ContainsRune(p, 0) {
			t.Errorf("CleanPath(%q) = %q is accepted", p, got)
		}
		if again, err := connectors.CleanPath(got); err != nil || again != got {
			t.Errorf("CleanPath is not stable on %q: %q, %v", got, again, err)
		}
	})
}
