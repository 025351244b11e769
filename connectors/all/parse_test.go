package all_test

import (
	"os"
	"strings"
	"testing"

	"gantry/connectors"
	"gantry/connectors/all"
)

func TestParse(t *testing.T) {
	t.Chdir(t.TempDir())
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ typed, url, path string }{
		{"/media/day1/clip.mov", "file:///media/day1", "clip.mov"},
		{"/media/day1/", "file:///media/day1", ""},
		{"/media//day1/../day2/clip.mov", "file:///media/day2", "clip.mov"},
		{"/clip.mov", "file:///", "clip.mov"},
		{"/", "file:///", ""},
		{"clip.mov", "file://" + here, "clip.mov"},
		{"./clip.mov", "file://" + here, "clip.mov"},
		{"day1/clip.mov", "file://" + here + "/day1", "clip.mov"},
		{"day1/", "file://" + here + "/day1", ""},
		{".", "file://" + here, ""},
		{"./", "file://" + here, ""},
		{"day1/..", "file://" + here, ""},
		{"/media/100% #1?.mov", "file:///media", "100% #1?.mov"},
		{"/media/day #1/a.mov", "file:///media/day%20%231", "a.mov"},
		{"archive:clip.mov", "file://" + here, "archive:clip.mov"},
		{"file:///media/day1/clip.mov", "file:///media/day1", "clip.mov"},
		{"file:///media/day%201/clip%3F.mov", "file:///media/day%201", "clip?.mov"},
		{"file:///media/day1/", "file:///media/day1", ""},
		{"file:///", "file:///", ""},
		{"FILE:///media/clip.mov", "file:///media", "clip.mov"},

		{"sftp://ingest@host/abs/dir/clip.mov", "sftp://ingest@host/abs/dir", "clip.mov"},
		{"sftp://ingest@host:2222/clip.mov", "sftp://ingest@host:2222/", "clip.mov"},
		{"sftp://ingest@host/abs/dir/", "sftp://ingest@host/abs/dir", ""},
		{"sftp://ingest@host/~/clip.mov", "sftp://ingest@host/~", "clip.mov"},
		{"sftp://ingest@host/~", "sftp://ingest@host/~", ""},
		{"sftp://ingest@host/", "sftp://ingest@host/", ""},
		{"sftp://ingest@host", "sftp://ingest@host/", ""},

		{"s3://bucket", "s3://bucket", ""},
		{"s3://bucket/", "s3://bucket", ""},
		{"s3://bucket/b.mov", "s3://bucket", "b.mov"},
		{"s3://bucket/a/b.mov", "s3://bucket", "a/b.mov"},
		{"s3://bucket/a/b/", "s3://bucket/a/b", ""},
		{"s3://bucket/a%20b/c%25.mov", "s3://bucket", "a b/c%.mov"},

		{"s3+https://host:9000/bucket", "s3+https://host:9000/bucket", ""},
		{"s3+https://host:9000/bucket/", "s3+https://host:9000/bucket", ""},
		{"s3+https://host:9000/bucket/a/b.mov", "s3+https://host:9000/bucket", "a/b.mov"},
		{"s3+http://127.0.0.1:7070/bucket/a/", "s3+http://127.0.0.1:7070/bucket/a", ""},
	} {
		l, path, err := all.Parse(test.typed)
		if err != nil || l.URL != test.url || path != test.path {
			t.Errorf("Parse(%q) = %q, %q, %v; want %q, %q", test.typed, l.URL, path, err, test.url, test.path)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for typed, remedy := range map[string]string{
		"":                              "write a path",
		"gopher://host/x":               "file, sftp, ftp",
		"s3://bucket/a//b":              "single slashes",
		"s3://bucket/../x":              "without dots",
		"s3://bucket/a/../../x/":        "without dots",
		"s3://bucket/100%.mov":          "%25",
		"s3://bucket/a?x.mov":           "%3F",
		"s3:///a":                       "after the //",
		"s3+https://host":               "bucket",
		"s3+https://host//a":            "bucket",
		"sftp://u:hunter2@h/a?x":        "%3F",
		"sftp://u:hunter2@h:port/x":     "",
		"/media/a\x00b":                 "",
		"file:///media/a%00b":           "",
		"/media/\uff0e\uff0e":           "without dots",
		"s3+https://u:hunter2@host//%x": "",
	} {
		l, path, err := all.Parse(typed)
		if connectors.KindOf(err) != connectors.KindInvalid {
			t.Errorf("Parse(%q) = %q, %q, %v; want it refused", typed, l.URL, path, err)
			continue
		}
		if !strings.Contains(err.Error(), remedy) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("Parse(%q): %v; want it to say %q, and no secret", typed, err, remedy)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"/a/b", "a", ".", "a/", "file:///a/b", "file:////a//b", "sftp://u@h/~/x", "sftp://h", "s3://b/k", "s3+https://h:1/b/k/", "s3://b/%2e%2e/x", "x://y", "s3://b/a%2Fb",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		l, path, err := all.Parse(typed)
		if err != nil {
			if connectors.KindOf(err) != connectors.KindInvalid {
				t.Fatalf("Parse(%q): %v is no KindInvalid", typed, err)
			}
			return
		}
		if path != "" {
			if _, err := connectors.CleanPath(path); err != nil {
				t.Fatalf("Parse(%q) gives the path %q: %v", typed, path, err)
			}
		}
		again, rest, err := all.Parse(strings.TrimSuffix(l.URL, "/") + "/")
		if err != nil || again.URL != l.URL || rest != "" {
			t.Fatalf("Parse(%q) gives the place %q, which reads again as %q, %q, %v", typed, l.URL, again.URL, rest, err)
		}
	})
}
