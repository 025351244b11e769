package naming

import (
	"path/filepath"
	"testing"
	"time"

	"gantry/connectors"
)

const id = "0123456789abcdef"

func TestPathTemplates(t *testing.T) {
	settled := time.Date(2026, 5, 1, 23, 30, 0, 0, time.FixedZone("east", 2*3600))
	for _, c := range []struct{ template, path, want string }{
		{"", "card/A001.C01.mxf", "A001.C01-01234567/A001.C01.mxf"},
		{"", "noext", "noext-01234567/noext"},
		{"", ".hidden", ".hidden-01234567/.hidden"},
		{"{{.Site}}/{{.Route}}/{{.Year}}/{{.Month}}/{{.Day}}/{{.Stem}}_{{.ID}}.{{.Ext}}", "a/b.mov", "venue/in/2026/05/01/b_0123456789abcdef.mov"},
		{"{{.Path}}", "a/b.mov", "a/b.mov"},
		{"{{.Name}}", "a & <b>.mov", "a & <b>.mov"},
	} {
		p, err := Parse(c.template)
		if err != nil {
			t.Errorf("%q: %v", c.template, err)
			continue
		}
		got, err := p.Render(FactsOf(id, c.path, "venue", "in", settled))
		if err != nil || got != c.want {
			t.Errorf("%q for %q: %q, %v; want %q", c.template, c.path, got, err, c.want)
		}
	}
}

func TestTemplatesThatMakeNoPathAreRefused(t *testing.T) {
	for _, bad := range []string{
		"{{.Camera}}", "{{", "/{{.Name}}", "../{{.Name}}", "{{.Name}}/", `{{slice .ID 0 99}}`, "a//b",
		"{{range 1000000000000}}{{end}}x", "{{range 1000000}}{{range 1000000}}{{end}}{{end}}x", `{{printf "%900000d" 1}}`,
		`{{define "x"}}{{template "x"}}{{end}}{{template "x"}}`,
	} {
		begun := time.Now()
		if err := CheckPath(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
		if took := time.Since(begun); took > 10*time.Second {
			t.Errorf("%q took %s", bad, took)
		}
	}
}

func TestATemplateThatWorksTooMuchForOneFileOnlyFailsThere(t *testing.T) {
	p, err := Parse(`{{if eq .Ext "mov"}}{{range 1000000000000}}{{end}}{{end}}{{.Path}}`)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Render(FactsOf(id, "a.mov", "s", "r", time.Unix(0, 0))); connectors.KindOf(err) != connectors.KindInvalid {
		t.Errorf("got %v", err)
	}
}

func TestOnlyTemplatesWithTheIDTellArrivalsApart(t *testing.T) {
	for template, want := range map[string]bool{"": true, "{{.ID}}": true, "{{.Path}}": false, "{{.Name}}": false, "{{slice .ID 0 1}}": true} {
		p, err := Parse(template)
		if err != nil || p.TellsArrivalsApart() != want {
			t.Errorf("%q: want %v (%v)", template, want, err)
		}
	}
}

func FuzzPathsStayBelowTheRoot(f *testing.F) {
	for _, seed := range []string{"a/b.mov", "../x", "..", "a/../../b", "．．/x", "\x00", "/etc/passwd", "a\nb"} {
		f.Add(seed)
	}
	template, err := Parse("{{.Path}}")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, name string) {
		got, err := template.Render(FactsOf(id, name, "s", "r", time.Unix(0, 0)))
		if err == nil && (!filepath.IsLocal(got) || got != name) {
			t.Errorf("%q became %q", name, got)
		}
	})
}
