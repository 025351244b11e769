package agent

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gantry/connectors"
	"gantry/transfer/watch"
)

func TestPathTemplates(t *testing.T) {
	settled := time.Date(2026, 5, 1, 23, 30, 0, 0, time.FixedZone("east", 2*3600))
	for _, c := range []struct{ template, path, want string }{
		{"", "card/A001.C01.mxf", "A001.C01-01234567/A001.C01.mxf"},
		{"", "noext", "noext-01234567/noext"},
		{"", ".hidden", ".hidden-01234567/.hidden"},
		{"{{.Site}}/{{.Route}}/{{.Year}}/{{.Month}}/{{.Day}}/{{.Stem}}_{{.ID}}.{{.Ext}}", "a/b.mov", "venue/in/2026/05/01/b_0123456789abcdef.mov"},
		{"{{.Path}}", "a/b.mov", "a/b.mov"},
	} {
		p, err := parsePath(c.template)
		if err != nil {
			t.Errorf("%q: %v", c.template, err)
			continue
		}
		got, err := p.render(factsOf("0123456789abcdef", c.path, "venue", "in", settled))
		if err != nil || got != c.want {
			t.Errorf("%q for %q: %q, %v; want %q", c.template, c.path, got, err, c.want)
		}
	}
	for _, bad := range []string{"{{.Camera}}", "{{", "/{{.Name}}", "../{{.Name}}", "{{.Name}}/", `{{slice .ID 0 99}}`, "a//b"} {
		if _, err := parsePath(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

func TestOnlyTemplatesThatTellVersionsApartNeedNoClaim(t *testing.T) {
	for template, want := range map[string]bool{"": true, "{{.ID}}": true, "{{.Path}}": false, "{{.Name}}": false, "{{slice .ID 0 1}}": true} {
		p, err := parsePath(template)
		if err != nil || p.tellsVersionsApart() != want {
			t.Errorf("%q: want %v (%v)", template, want, err)
		}
	}
}

func FuzzDestinationsStayBelowTheRoot(f *testing.F) {
	for _, seed := range []string{"a/b.mov", "../x", "..", "a/../../b", "．．/x", "\x00", "/etc/passwd", "a\nb"} {
		f.Add(seed)
	}
	template, err := parsePath("{{.Path}}")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if checkName(name) != nil {
			return
		}
		got, err := template.render(factsOf("0123456789abcdef", name, "s", "r", time.Unix(0, 0)))
		if err == nil && (!filepath.IsLocal(got) || got != name) {
			t.Errorf("%q became %q", name, got)
		}
	})
}

func TestRoutesThatWouldFeedThemselvesAreRefused(t *testing.T) {
	base := t.TempDir()
	in, store := filepath.Join(base, "in"), filepath.Join(base, "store")
	loop := routePlan{name: "r", from: folder(in), to: folder(filepath.Join(in, "out"))}
	if _, err := build(loop, watch.Options{}); connectors.KindOf(err) != connectors.KindInvalid {
		t.Errorf("a destination in the watched folder: %v", err)
	}
	inner := routePlan{name: "r", from: folder(filepath.Join(store, "in")), to: folder(store), path: "{{.Path}}"}
	r, err := build(inner, watch.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for path, ok := range map[string]bool{"in/a.mov": false, "inn/a.mov": true, "a.mov": true} {
		if _, err := r.destination(factsOf("0123456789abcdef", path, "s", "r", time.Unix(0, 0))); (err == nil) != ok {
			t.Errorf("%s: %v", path, err)
		}
	}
	remote := routePlan{name: "r", from: connectors.Location{Name: "box", URL: "sftp://box/in"}, to: folder(store)}
	if _, err := build(remote, watch.Options{}); connectors.KindOf(err) != connectors.KindUnsupported || !strings.Contains(err.Error(), "box") {
		t.Errorf("a remote source: %v", err)
	}
}
