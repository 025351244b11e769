package resource_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"gantry/configs/resource"
)

// spec is what the tests decode into.
type spec struct {
	Title  string            `yaml:"title"`
	Size   int64             `yaml:"size"`
	Stable float64           `yaml:"stable"`
	Keep   bool              `yaml:"keep"`
	List   []string          `yaml:"list"`
	Inner  *inner            `yaml:"inner"`
	Words  map[string]string `yaml:"words"`
	Base   `yaml:",inline"`
}

type inner struct {
	Depth int `yaml:"depth"`
}

// Base is inlined.
type Base struct {
	URL string `yaml:"url"`
}

const head = "apiVersion: gantry/v1\nkind: Thing\nmetadata: { name: one }\n"

// read parses and decodes, and gives the messages.
func read(text string) string {
	all, err := resource.Parse("f.yaml", []byte(text))
	problems := []error{err}
	for _, r := range all {
		var v spec
		problems = append(problems, r.Decode(&v))
	}
	if err := errors.Join(problems...); err != nil {
		return err.Error()
	}
	return ""
}

func TestMistakesHaveTheirPlace(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"nothing":                  {"", ""},
		"comments only":            {"# nothing\n---\n# here\n", ""},
		"a good one":               {head + "spec: { title: A, size: 3, stable: 1.5, keep: true, list: [a], inner: { depth: 1 }, words: { a: b }, url: x }\n", ""},
		"absent values":            {head + "spec: { title: , size: null, list: ~ }\n", ""},
		"a number as text":         {head + "spec: { title: 5 }\n", ""},
		"Windows lines":            {strings.ReplaceAll(head+"spec: { title: A }\n---\n"+head+"spec: { title: B }\n", "\n", "\r\n"), ""},
		"a byte-order mark":        {"\ufeff" + head + "spec: { title: A }\n", ""},
		"no newline at the end":    {head + "spec: { title: A }", ""},
		"a comment after ---":      {head + "spec: { title: A }\n--- # the next\n" + head + "spec: { title: B }\n", ""},
		"another version":          {"apiVersion: gantry/v2\nkind: Thing\nmetadata: { name: one }\nspec: {}\n", `f.yaml:1:13: apiVersion is "gantry/v2": write "gantry/v1"`},
		"no version":               {"# of late\nkind: Thing\nmetadata: { name: one }\nspec: {}\n", `f.yaml:2:1: apiVersion is "": write "gantry/v1"`},
		"no kind":                  {"apiVersion: gantry/v1\nmetadata: { name: one }\nspec: {}\n", `f.yaml:1:1: kind is missing`},
		"a bad name":               {"apiVersion: gantry/v1\nkind: Thing\nmetadata: { name: ../x }\nspec: {}\n", `f.yaml:3:19: metadata.name is "../x": use 1 to 63 lower-case letters, digits, dashes and dots, and begin and end with a letter or a digit`},
		"no name":                  {"apiVersion: gantry/v1\nkind: Thing\nspec: {}\n", `f.yaml:1:1: metadata.name is "": use 1 to 63 lower-case letters, digits, dashes and dots, and begin and end with a letter or a digit`},
		"no spec":                  {head, `f.yaml:1:1: spec is missing`},
		"an empty spec":            {head + "spec:\n", `f.yaml:4:6: spec is missing`},
		"a list as spec":           {head + "spec: [a]\n", `f.yaml:4:7: here stand fields, as in name: value, not a list`},
		"a text as document":       {"just words\n", `f.yaml:1:1: here stand fields, as in name: value, not "just words"`},
		"an unknown field":         {head + "spec:\n  titel: A\n", `f.yaml:5:3: unknown field "titel": did you mean "title"?`},
		"a field like no other":    {head + "spec:\n  wxyz: A\n", `f.yaml:5:3: unknown field "wxyz": known are inner, keep, list, size, stable, title, url, words`},
		"an unknown inner field":   {head + "spec:\n  inner: { dept: 3 }\n", `f.yaml:5:12: unknown field "dept": did you mean "depth"?`},
		"an unknown field on top":  {head + "spec: {}\nspecs: {}\n", `f.yaml:5:1: unknown field "specs": did you mean "spec"?`},
		"a text as number":         {head + "spec: { size: big }\n", `f.yaml:4:15: here stands a whole number, not "big"`},
		"half a byte":              {head + "spec: { size: 1.5 }\n", `f.yaml:4:15: here stands a whole number, not "1.5"`},
		"a number too large":       {head + "spec: { size: 99999999999999999999 }\n", `f.yaml:4:15: here stands a whole number, not "99999999999999999999"`},
		"a text as seconds":        {head + "spec: { stable: soon }\n", `f.yaml:4:17: here stands a number, not "soon"`},
		"a text as switch":         {head + "spec: { keep: perhaps }\n", `f.yaml:4:15: here stands true or false, not "perhaps"`},
		"a list as text":           {head + "spec: { title: [a] }\n", `f.yaml:4:16: here stands a text, not a list`},
		"a text as list":           {head + "spec: { list: a }\n", `f.yaml:4:15: here stands a list, as in [a, b], not "a"`},
		"fields as words":          {head + "spec: { words: { a: { b: c } } }\n", `f.yaml:4:21: here stands a text, not fields`},
		"a list as words":          {head + "spec: { words: [a] }\n", `f.yaml:4:16: here stand fields, as in name: value, not a list`},
		"a long text":              {head + "spec: { size: " + strings.Repeat("é", 100) + " }\n", `f.yaml:4:15: here stands a whole number, not "` + strings.Repeat("é", 30) + `"…`},
		"a field given twice":      {head + "spec: { title: A, title: B }\n", `f.yaml:4:19: the field "title" is given twice`},
		"a list as field":          {head + "spec: { ? [a] : b }\n", `f.yaml:4:11: a field's name is a word, not a list or an object`},
		"an anchor":                {head + "spec: { title: &a A }\n", `f.yaml:4:16: anchors and aliases are not used here: write the value out`},
		"a merge key":              {head + "spec: { <<: { title: A } }\n", `f.yaml:4:9: merge keys are not used here: write the fields out`},
		"a tag":                    {head + "spec: { title: !!binary QQ== }\n", `f.yaml:4:16: the tag !!binary is not used here: write the value alone`},
		"a tab":                    {head + "spec:\n\ttitle: A\n", `f.yaml:5: found character that cannot start any token`},
		"an open bracket":          {head + "spec: { title: A\n", `f.yaml:4: did not find expected ',' or '}'`},
		"no UTF-8":                 {head + "spec: { title: \xe9t\xe9 }\n", `f.yaml:4:16: the byte 0xe9 is no UTF-8: save the file as UTF-8`},
		"UTF-16":                   {"\xff\xfea\x00", `f.yaml:1:1: the byte 0xff is no UTF-8: save the file as UTF-8`},
		"an end mark":              {head + "spec: {}\n...\n" + head + "spec: {}\n", `f.yaml:6: after the end of the document: did not find expected <document start>`},
		"a document beside ---":    {head + "spec: {}\n--- { kind: Thing }\n", `f.yaml:5:1: another document begins here: put --- on a line of its own before it`},
		"mistakes in one":          {head + "spec: { size: big, tilte: A }\n", "f.yaml:4:15: here stands a whole number, not \"big\"\nf.yaml:4:20: unknown field \"tilte\": did you mean \"title\"?"},
		"mistakes in two":          {head + "---\n" + head + "spec: {}\n---\n" + head + "spec: { a: }\n", "f.yaml:1:1: spec is missing\nf.yaml:13:9: unknown field \"a\": known are inner, keep, list, size, stable, title, url, words"},
		"nested beyond reason":     {head + "spec: " + strings.Repeat("[", 70) + strings.Repeat("]", 70) + "\n", `f.yaml:4:70: the document is nested more than 64 deep`},
		"larger than is read":      {head + "# " + strings.Repeat("x", resource.MaxSize), `f.yaml:1:1: the file is larger than 1 MiB: make several of it`},
		"more parts than is read":  {head + "spec: { list: [" + strings.Repeat("a,", 100_001) + "] }\n", `f.yaml:4:199988: the document has more than 100000 parts: make several of it`},
		"a separator in its quote": {head + "spec: { title: 'a\n--- b' }\n", `f.yaml:4: found unexpected document indicator`},
	} {
		t.Run(name, func(t *testing.T) {
			if got := read(test.text); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

func TestAnAliasBombIsRefusedAtOnce(t *testing.T) {
	bomb := head + "spec:\n  a0: &a0 [x, x, x, x, x, x, x, x]\n"
	for i := range 30 {
		bomb += fmt.Sprintf("  a%d: &a%d [%s*a%d]\n", i+1, i+1, strings.Repeat(fmt.Sprintf("*a%d, ", i), 7), i)
	}
	if got, want := read(bomb), "f.yaml:5:7: anchors and aliases are not used here: write the value out"; got != want {
		t.Errorf("got %s; want %s", got, want)
	}
}

func TestManyMistakesAreNotAllTold(t *testing.T) {
	var text strings.Builder
	text.WriteString(head + "spec:\n")
	for i := range 1000 {
		fmt.Fprintf(&text, "  no%d: 1\n", i)
	}
	if n := strings.Count(read(text.String()), "\n") + 1; n != 20 {
		t.Errorf("%d messages; want 20", n)
	}
}

func TestDocumentsKeepTheirTextAndPlace(t *testing.T) {
	text := "# head\n---\r\n" + head + "spec: { title: A }\n---  # next\n\n" + head + "spec: { title: B }"
	all, err := resource.Parse("f.yaml", []byte(text))
	if err != nil || len(all) != 2 {
		t.Fatalf("got %d documents, %v", len(all), err)
	}
	if a, b := all[0], all[1]; a.Line != 3 || b.Line != 8 || !strings.HasSuffix(string(a.Source), "A }\n") || !strings.HasSuffix(string(b.Source), "B }") {
		t.Errorf("lines %d, %d; texts %q, %q", a.Line, b.Line, a.Source, b.Source)
	}
	for _, d := range resource.Split([]byte(text)) {
		if text[d.Start:d.Start+len(d.Text)] != string(d.Text) {
			t.Errorf("the document of line %d does not begin at %d", d.Line, d.Start)
		}
	}
	if all[0].Ref() != "Thing/one" {
		t.Errorf("its name is %s", all[0].Ref())
	}
}

func TestProblemsOfTheSpecHaveTheirPlace(t *testing.T) {
	all, err := resource.Parse("f.yaml", []byte("---\n"+head+"spec: { title: A }\n"))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := all[0].ProblemAt(all[0].Spec, "no %s", "good").Error(), "f.yaml:5:7: no good"; got != want {
		t.Errorf("got %s; want %s", got, want)
	}
}

// YAML breaks lines in more ways than others do.
var yamlBreaks = strings.NewReplacer("\r", "\n", "\u0085", "\n", "\u2028", "\n", "\u2029", "\n")

// FuzzParse proves that no input takes the reader down, that every mistake has a
// place inside the file, and that what is accepted is accepted again.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"", head + "spec: {}\n", head + "spec: { a: &a [1], b: *a }", "--- # x\n---\n...\n", "\ufeff" + head + "spec: []", "? {a: b}\n: c", "\t", "{", "\xff", "%YAML 1.1\n---\n",
		"apiVersion: 1\nkind: [\n", head + "spec: {<<: {a: b}}", head + "spec: |\n  ---\n", "a: !!float nan", "'\n---\n'",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		all, err := resource.Parse("f.yaml", data)
		lines := 1 + strings.Count(yamlBreaks.Replace(string(data)), "\n")
		var problem *resource.Problem
		switch {
		case err != nil && !errors.As(err, &problem):
			t.Fatalf("%v has no place", err)
		case err != nil && (problem.Line < 1 || problem.Line > lines+1):
			t.Fatalf("%v lies outside the %d lines", err, lines)
		}
		for _, r := range all {
			var v spec
			_ = r.Decode(&v) // it must only return
			again, err := resource.Parse("f.yaml", r.Source)
			if err != nil || len(again) != 1 || again[0].Ref() != r.Ref() {
				t.Fatalf("%s read again: %v", r.Ref(), err)
			}
		}
	})
}
