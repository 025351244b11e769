package resources_test

import (
	"encoding/json"
	"encoding/xml"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"gantry/connectors"
	"gantry/orchestrator/resources"
)

// hostile are names as nobody should give them.
var hostile = []string{
	`<script>alert("x")</script>`, `a & b`, `it's "quoted"`, "line\nbreak\ttab\rreturn", "日本語 é 𝄞", "invalid \xff\xfe bytes", "]]>", "--><x/>", `\", "injected": "`,
	"\x00\x01control", "{{.Asset.ID}}", "${DATA}", "", "&amp;", "\u2028\ufeff",
}

func subject(name string) resources.Subject {
	return resources.Subject{
		Asset: resources.SubjectAsset{ID: "as_1", Short: "1", Name: name, Stem: name},
		Files: []resources.SubjectFile{{Path: name, Size: 1}, {Path: "b", Size: 2}},
	}
}

func TestSidecarsEscapeXML(t *testing.T) {
	c := resources.Sidecar{Format: "xml", Name: "s.xml", Template: `<a name="{{.Asset.Name}}" more='{{.Asset.Name}}'><t>{{.Asset.Name}}</t>{{range .Files}}<f>{{.Path}}</f>{{end}}</a>`}
	for _, name := range hostile {
		_, text, err := c.Render(subject(name))
		if err != nil {
			t.Errorf("%q: %v", name, err)
			continue
		}
		var got struct {
			Name string   `xml:"name,attr"`
			More string   `xml:"more,attr"`
			T    string   `xml:"t"`
			F    []string `xml:"f"`
		}
		if err := xml.Unmarshal([]byte(text), &got); err != nil {
			t.Errorf("%q: %v", name, err)
		}
		want := readable(name)
		if got.Name != want || got.More != want || got.T != want || len(got.F) != 2 || got.F[0] != want {
			t.Errorf("%q reads as %+v", name, got)
		}
	}
}

// readable is what of a name an XML document can hold.
func readable(name string) string {
	var b strings.Builder
	for _, r := range strings.ToValidUTF8(name, "\ufffd\ufffd") {
		if r < ' ' && r != '\n' && r != '\t' && r != '\r' {
			r = '\ufffd'
		}
		b.WriteRune(r)
	}
	return b.String()
}

func TestSidecarsEscapeJSON(t *testing.T) {
	c := resources.Sidecar{Format: "json", Name: "s.json", Template: `{"name": {{.Asset.Name}}, {{.Asset.ID}}: [{{range $i, $f := .Files}}{{if $i}}, {{end}}{{$f.Path}}{{end}}], "size": {{.Duration}}}`}
	for _, name := range hostile {
		_, text, err := c.Render(subject(name))
		if err != nil {
			t.Errorf("%q: %v", name, err)
			continue
		}
		var got map[string]any
		if err := json.Unmarshal([]byte(text), &got); err != nil || len(got) != 3 {
			t.Errorf("%q: %v, %v", name, got, err)
		}
		if want := strings.ToValidUTF8(name, "\ufffd\ufffd"); got["name"] != want {
			t.Errorf("%q reads as %q", name, got["name"])
		}
	}
}

func TestNoTemplateGetsAroundTheEscaping(t *testing.T) {
	const evil = `<evil a="1"/>`
	for _, template := range []string{
		`<a>{{printf "%s" .Asset.Name}}</a>`,
		`<a>{{.Asset.Name | printf "%s"}}</a>`,
		`<a>{{print .Asset.Name}}</a>`,
		`<a>{{println .Asset.Name .Asset.Name}}</a>`,
		`<a>{{$x := .Asset.Name}}{{$x}}</a>`,
		`<a>{{$x := ""}}{{$x = .Asset.Name}}{{$x}}</a>`,
		`<a>{{with .Asset}}{{.Name}}{{else}}{{.}}{{end}}</a>`,
		`<a>{{with $x := .Asset.Name}}{{$x}}{{end}}</a>`,
		`<a>{{if false}}{{else if true}}{{.Asset.Name}}{{end}}</a>`,
		`<a>{{if and .Asset.Name true}}{{.Asset.Name}}{{end}}</a>`,
		`<a>{{or .Asset.Name ""}}</a>`,
		`<a>{{range .Files}}{{.Path}}{{break}}{{end}}</a>`,
		`<a>{{range $i, $f := .Files}}{{$f.Path}}{{continue}}{{end}}</a>`,
		`<a>{{(index .Files 0).Path}}</a>`,
		`<a>{{slice .Asset.Name 0 5}}</a>`,
		`<a>{{.Files}}</a>`,
		`<a>{{.Asset}}</a>`,
		`<a>{{_escape .Asset.Name}}</a>`,
		`<a>{{.Asset.Name | _escape | printf "%v"}}</a>`,
		`<a b="{{.Asset.Name}}"/>`,
		`<a><![CDATA[{{.Asset.Name}}]]></a>`,
	} {
		_, text, err := resources.Sidecar{Format: "xml", Name: "s", Template: template}.Render(subject(evil))
		if err != nil {
			t.Errorf("%s: %v", template, err)
		}
		if strings.Contains(text, "<evil") {
			t.Errorf("%s gives %s", template, text)
		}
	}
}

func TestTemplatesAreRefused(t *testing.T) {
	for template, want := range map[string]string{
		`<a>{{define "x"}}{{.}}{{end}}{{template "x" .Asset.Name}}</a>`:              "define, block and template are not used here",
		`<a>{{block "x" .Asset.Name}}{{.}}{{end}}</a>`:                               "define, block and template are not used here",
		`<a>{{if true}}{{template "x"}}{{end}}</a>`:                                  "define, block and template are not used here",
		`{{define "x"}}{{template "x"}}{{end}}<a/>`:                                  "define, block and template are not used here",
		`<a>{{html .Asset.Name}}</a>`:                                                "values are escaped by themselves",
		`<a>{{range 1000000000}}{{end}}</a>`:                                         "does too much",
		`<a>{{range 100000}}{{range 100000}}{{end}}{{end}}</a>`:                      "does too much",
		`<a>{{$x := "aaaaaaaa"}}{{range 60}}{{$x = printf "%s%s" $x $x}}{{end}}</a>`: "does too much",
		`<a>{{$x := "aaaaaaaa"}}{{range 60}}{{$x = print $x $x $x}}{{end}}</a>`:      "does too much",
		`<a>{{printf "%900000d%900000d" 1 1}}</a>`:                                   "does too much",
		`<a>{{printf "` + strings.Repeat("%d", 200) + `" 1}}</a>`:                    "a format is longer than 256 bytes",
		`<a>{{range 20}}{{printf "%99999d" 1}}{{end}}</a>`:                           "longer than 1048576 bytes",
		`<a>{{.Nothing}}</a>`:                                                        "can't evaluate field Nothing",
		`<a>{{index .Files 7}}</a>`:                                                  "out of range",
		`<a>{{nothing}}</a>`:                                                         `function "nothing" not defined`,
		`<a>{{.Asset.Name</a>`:                                                       "bad character",
		`<a>`:                                                                        "no well-formed xml",
		`<a/><b/>`:                                                                   "2 root elements, not one",
		`words <a/>`:                                                                 "text outside of the root",
		``:                                                                           "0 root elements, not one",
		`{{/* nothing */}}`:                                                          "0 root elements, not one",
		`<a b="1" b="2"/>`:                                                           "the attribute b twice",
		`<a><!-- {{.Asset.Name}} -- {{.Asset.Name}} --></a>`:                         "no well-formed xml",
		`<{{.Asset.Name}}/>`:                                                         "no well-formed xml",
	} {
		t.Run(template[:min(len(template), 40)], func(t *testing.T) {
			began := time.Now()
			_, _, err := resources.Sidecar{Format: "xml", Name: "s", Template: template}.Render(subject("a<b"))
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got  %v\nwant %s", err, want)
			}
			if took := time.Since(began); took > 10*time.Second {
				t.Errorf("it took %s", took)
			}
		})
	}
	for _, template := range []string{`{"a": "{{.Asset.Name}}"}`, `["{{.Asset.Name}}"]`, `{{.Asset.Name}} {{.Asset.Name}}`, `{"a": 1,}`, ``} {
		if _, _, err := (resources.Sidecar{Format: "json", Name: "s", Template: template}).Render(subject("a")); err == nil {
			t.Errorf("%s is accepted", template)
		}
	}
}

func TestNamesStayBelowTheFolder(t *testing.T) {
	for _, name := range []string{"../x", "/etc/passwd", "a/../../b", "", ".", "x/", "‥/x"} {
		if _, _, err := (resources.Sidecar{Format: "json", Name: "{{.Asset.Name}}", Template: "1"}).Render(subject(name)); connectors.KindOf(err) != connectors.KindInvalid {
			t.Errorf("the sidecar %q: %v", name, err)
		}
		if _, err := (resources.Partner{Name: "p", Path: "{{.Asset.Name}}"}).Folder(subject(name)); connectors.KindOf(err) != connectors.KindInvalid {
			t.Errorf("the folder %q: %v", name, err)
		}
	}
	folder, err := (resources.Partner{Name: "p"}).Folder(subject("Clip & <1>"))
	if err != nil || folder != "Clip & <1>-1" {
		t.Errorf("the folder is %q, %v", folder, err)
	}
}

// Whatever an asset is called, a sidecar is a document with that name in it.
func TestAnyNameFits(t *testing.T) {
	asXML := resources.Sidecar{Format: "xml", Name: "s", Template: `<a n="{{.Asset.Name}}">{{.Asset.Name}}</a>`}
	asJSON := resources.Sidecar{Format: "json", Name: "s", Template: `{"n": {{.Asset.Name}}}`}
	rapid.Check(t, func(t *rapid.T) {
		name := string(rapid.SliceOf(rapid.Byte()).Draw(t, "name"))
		if _, _, err := asXML.Render(subject(name)); err != nil {
			t.Fatal(err)
		}
		if _, _, err := asJSON.Render(subject(name)); err != nil {
			t.Fatal(err)
		}
	})
}
