package template_test

import (
	"strings"
	"testing"
	"time"

	"gantry/configs/template"
)

type facts struct {
	ID, Name, Stem string
	Parts          []string
}

var about = facts{ID: "0123456789abcdef", Name: `a "b" <c>.mxf`, Stem: `a "b" <c>`, Parts: []string{"x", "y"}}

func TestRendering(t *testing.T) {
	for _, test := range []struct {
		text   string
		escape template.Escaper
		want   string
	}{
		{`{{.Stem}}-{{slice .ID 0 8}}/{{.Name}}`, template.Plain, `a "b" <c>-01234567/a "b" <c>.mxf`},
		{`{{if eq .ID "x"}}1{{else}}{{len .ID}}{{end}}`, template.Plain, "16"},
		{`{{range $i, $p := .Parts}}{{if $i}},{{end}}{{$p}}{{end}}`, template.Plain, "x,y"},
		{`{{printf "%.4s" .ID}}`, template.Plain, "0123"},
		{`<a>{{.Stem}}</a>`, template.XML, "<a>a &#34;b&#34; &lt;c&gt;</a>"},
		{`[{{.ID}}, {{len .Parts}}]`, template.JSON, `["0123456789abcdef", 2]`},
		{``, template.Plain, ""},
	} {
		got, err := template.Render(test.text, test.escape, about)
		if err != nil || got != test.want {
			t.Errorf("%s gives %q, %v; want %q", test.text, got, err, test.want)
		}
	}
}

// Whatever a template does, it ends soon.
func TestWorkIsBounded(t *testing.T) {
	for text, want := range map[string]string{
		`{{range 1000000000000}}{{end}}x`:                                     "does too much",
		`{{range 100000}}{{range 100000}}{{end}}{{end}}`:                      "does too much",
		`{{$x := "aaaaaaaa"}}{{range 60}}{{$x = printf "%s%s" $x $x}}{{end}}`: "does too much",
		`{{range 20}}{{printf "%99999d" 1}}{{end}}`:                           "longer than 1048576 bytes",
		`{{define "x"}}{{template "x"}}{{end}}{{template "x"}}`:               "write the text out",
		`{{.Nothing}}`:       "can't evaluate field Nothing",
		`{{slice .ID 0 99}}`: "out of range",
		`{{`:                 "unclosed action",
	} {
		began := time.Now()
		_, err := template.Render(text, template.Plain, about)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v; want %s", text, err, want)
		}
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("%s took %s", text, took)
		}
	}
}
