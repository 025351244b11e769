package flow

import (
	"fmt"
	"strings"
	"testing"
)

// Plain scalars are those of YAML 1.2, not of 1.1.
func TestScalars(t *testing.T) {
	tests := map[string]string{
		"on": `"on"`, "yes": `"yes"`, "no": `"no"`, "y": `"y"`, "true": `true`, "FALSE": `false`,
		"~": `null`, "null": `null`, "1": `1`, "-1": `-1`, "+1": `1`, "007": `7`, "0o17": `15`, "0x1F": `31`,
		"1_000": `"1_000"`, "1.50": `1.5`, ".5": `0.5`, "1.": `1`, "1e3": `1000`, "-1.5e-7": `-1.5e-07`,
		"12345678901234567890": `12345678901234567890`, "0xFFFFFFFFFFFFFFFFFF": `4722366482869645213695`,
		"2030-01-01": `"2030-01-01"`, "12:30:45": `"12:30:45"`, "1.0.3": `"1.0.3"`, "- ": `[null]`,
		`"1"`: `"1"`, "'on'": `"on"`, "!!str 1": `"1"`, "[ on, 1 ]": `["on",1]`, "{ on: off }": `{"on":"off"}`,
		"&a 1": `1`, "|\n text\n": `"text\n"`,
	}
	for src, want := range tests {
		n, problems := loadYAML([]byte(src))
		if len(problems) > 0 {
			t.Errorf("%q: %s", src, problems)
			continue
		}
		if got := string(encode(n.value())); got != want {
			t.Errorf("%q is %s, not %s", src, got, want)
		}
	}
}

func TestAliases(t *testing.T) {
	n, problems := loadYAML([]byte("a: &x { b: [ 1 ] }\nc: *x\n"))
	if len(problems) > 0 || string(encode(n.value())) != `{"a":{"b":[1]},"c":{"b":[1]}}` {
		t.Error(problems, string(encode(n.value())))
	}
	if _, problems := loadYAML([]byte("a: &x [ *x ]")); len(problems) == 0 {
		t.Error("an alias inside its own anchor passes")
	}
}

// JSON and YAML of the same text load to the same data; places are those of the text.
func TestJSON(t *testing.T) {
	src := "{\n  \"a\": [ 1, 2.5, \"x\\u00e9\\ud83d\\ude00\", null, true, {} ],\n\t\"b\" : { \"c\": -0 }\n}"
	n, problems := loadJSON([]byte(src))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	if got, want := string(encode(n.value())), `{"a":[1,2.5,"xé😀",null,true,{}],"b":{"c":0}}`; got != want {
		t.Errorf("%s, not %s", got, want)
	}
	var places []string
	for i, k := range n.keys {
		places = append(places, fmt.Sprintf("%s %d:%d %d:%d", k.name, k.line, k.column, n.items[i].line, n.items[i].column))
	}
	if got, want := strings.Join(places, ", "), "a 2:3 2:8, b 3:2 3:8"; got != want {
		t.Errorf("%s, not %s", got, want)
	}
	deep := strings.Repeat(`{"a":`, 300) + "1" + strings.Repeat("}", 300)
	if n, problems := load([]byte(deep)); n != nil || len(problems) != 1 {
		t.Error("300 levels pass", problems)
	}
}

func TestNamesThatAreNotUTF8(t *testing.T) {
	v, err := canonical(map[string]any{"a\xff": 1, "b": "\xfe"})
	if err != nil || string(encode(v)) != `{"a�":1,"b":"�"}` {
		t.Errorf("%s %v", encode(v), err)
	}
}

func TestSuggestions(t *testing.T) {
	words := []string{"call", "switch", "wait", "do", "exponential"}
	for word, want := range map[string]string{
		"cal": "call", "clal": "call", "swich": "switch", "expontial": "exponential", "od": "do",
		"frobnicate": "", "x": "", "": "", strings.Repeat("x", 1000): "",
	} {
		if got := didYouMean(word, words); want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%q: %s", word, got)
		}
	}
}
