package mhl

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// The answers are those of the library that the reference implementation matches with (pathspec, gitwildmatch).
func TestIgnore(t *testing.T) {
	cases := []struct {
		patterns      string // separated by commas
		ignored, kept string // separated by blanks
	}{
		{".DS_Store,ascmhl,ascmhl/", ".DS_Store a/.DS_Store ascmhl ascmhl/x a/ascmhl/0001.mhl", "DS_Store a/ascmhl2 x.mhl"},
		{"*.tmp", "x.tmp a/b.tmp a.tmp/b", "x.tmp2 tmp"},
		{"Proxies/", "Proxies/a b/Proxies/c/d", "Proxies b/Proxies"},
		{"/top", "top top/a", "a/top"},
		{"a/b", "a/b a/b/c", "x/a/b b"},
		{"**/b", "b a/b a/c/b/d", "bb"},
		{"a/**", "a/b a/b/c", "a b/a/c"},
		{"a/**/z", "a/z a/b/z a/b/c/z/d", "az z"},
		{"a/*", "a/b a/b/c", "a"},
		{"*,!*.mov", "x x.mxf", "x.mov"},
		{"!x,x", "x", "y"},
		{"# not a pattern,\\#x", "#x", "x"},
		{"a?c,[0-9].mov,[!a-z].txt", "abc a-c 5.mov 5.txt", "ac a/c x.mov a.txt"},
		{"[", "[", "x"},
		{"[]x]", "] x", "y"},
		{"Grüße*", "Grüße Grüße.mov", "Gruesse"},
		{"?.w", "a.w é.w", "ab.w"},
		{"x  ", "x", "xx"},
	}
	for _, c := range cases {
		ignore, err := NewIgnore(strings.Split(c.patterns, ","))
		if err != nil {
			t.Errorf("%s: %v", c.patterns, err)
		}
		for path := range strings.FieldsSeq(c.ignored) {
			if !ignore.Match(path) {
				t.Errorf("%s does not ignore %s", c.patterns, path)
			}
		}
		for path := range strings.FieldsSeq(c.kept) {
			if ignore.Match(path) {
				t.Errorf("%s ignores %s", c.patterns, path)
			}
		}
	}
	for _, bad := range []string{"/", "!", "a//b", "[z-a]"} {
		if _, err := NewIgnore([]string{bad}); err == nil {
			t.Errorf("the pattern %q passed", bad)
		}
	}
}

func TestWhatIsBelowAnIgnoredFolderIsIgnored(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ignore, _ := NewIgnore(rapid.SliceOfN(rapid.StringMatching(`[!/]?[ab*?\[\]/\\-]{1,5}`), 1, 4).Draw(t, "patterns"))
		path := rapid.StringMatching(`[ab]{1,3}(/[ab]{1,3}){0,3}`).Draw(t, "path")
		if ignore.Match(path) && !ignore.Match(path+"/x") {
			t.Fatalf("%s is ignored, what is in it is not", path)
		}
	})
}

func FuzzIgnore(f *testing.F) {
	for _, seed := range []string{"*.tmp\n!x", "a/**/b", "[!]-z]/", `\#\ `, "**", "/[a"} {
		f.Add(seed, "a/b/x.tmp")
	}
	f.Fuzz(func(t *testing.T, patterns, path string) {
		ignore, _ := NewIgnore(strings.Split(patterns, "\n"))
		if ignore.Match(path) && !ignore.Match(path+"/x") && checkPath(path) == nil {
			t.Fatalf("%q is ignored by %q, what is in it is not", path, patterns)
		}
	})
}
