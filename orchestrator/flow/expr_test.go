package flow

import (
	"strings"
	"testing"
)

// What expressions give, on the input of each line, and what stops them.
func TestExpressions(t *testing.T) {
	tests := []struct{ input, source, want string }{
		{`{"a":{"b":1}}`, `.a.b`, `1`},
		{`{"a":null}`, `.a.b.c`, `null`},
		{`[1]`, `.a`, `error: .a: the input has no fields: it is [1]`},
		{`9007199254740993`, `.`, `9007199254740993`},
		{`9007199254740993`, `. + 1`, `9007199254740994`},
		{`123456789012345678901234567890`, `. + 1`, `123456789012345678901234567891`},
		{`1e3`, `.`, `1000`},
		{`1.50`, `. * 2`, `3`},
		{`0.1`, `.`, `0.1`},
		{`1e400`, `.`, `1.7976931348623157e+308`},
		{`null`, `[nan, infinite, -infinite, -0.0, 1e1000]`, `[null,1.7976931348623157e+308,-1.7976931348623157e+308,0,1.7976931348623157e+308]`},
		{`"x"`, `"\(.)-\({a: 1})"`, `"x-{\"a\":1}"`},
		{`"YQ=="`, `@base64d`, `"a"`},
		{`"/w=="`, `@base64d`, `"�"`},
		{`{"b":1,"a":2}`, `[keys[], to_entries[].value, .[]]`, `["a","b",2,1,2,1]`},
		{`[3,1,2]`, `sort | map(. * 2) | add`, `12`},
		{`{"a":[1,2]}`, `del(.a[0]) | .a += [3] | .b = (.a | length)`, `{"a":[2,3],"b":2}`},
		{`{"a":{"x":1}}`, `. * {a: {y: 2}}`, `{"a":{"x":1,"y":2}}`},
		{`"a,b"`, `split(",") | join("-")`, `"a-b"`},
		{`"2030-01-01T00:00:00Z"`, `fromdate | todate`, `"2030-01-01T00:00:00Z"`},
		{`{"a":1}`, `pick(.a) | getpath(["a"])`, `1`},
		{`{"p":["a"]}`, `setpath(.p; 5)`, `{"a":5,"p":["a"]}`},
		{`[[1,[2]]]`, `flatten`, `[1,2]`},
		{`"aXbX"`, `gsub("X"; "-") + (test("^a") | tostring)`, `"a-b-true"`},
		{`5`, `def f($n): if $n > 0 then $n + f($n - 1) else 0 end; f(.)`, `15`},
		{`null`, `[limit(3; repeat(1))]`, `[1,1,1]`},
		{`null`, `try error("x") catch .`, `"x"`},
		{`null`, `error({a: 1})`, `error: error({a: 1}): error: {"a":1}`},
		{`null`, `.[600000000] = 1`, `error: .[600000000] = 1: index 600000000 is larger than 1048576`},
		{`600000000`, `. as $i | [] | .[$i] = 1`, `error: . as $i | [] | .[$i] = 1: index 600000000 is larger than 1048576`},
		{`null`, `setpath(["a", 600000000]; 1)`, `error: setpath(["a", 600000000]; 1): index 600000000 is larger than 1048576`},
		{`null`, `pick(.[600000000])`, `error: pick(.[600000000]): index 600000000 is larger than 1048576`},
		{`null`, `"ab" * 1e9`, `error: "ab" * 1e9: the text would be longer than 1048576 bytes`},
		{`null`, `reduce range(64) as $i (10; . * .)`, `error: reduce range(64) as $i (10; . * .): the number would be longer than 1048576 bits`},
		{`null`, `reduce range(64) as $i ([0]; . + .)`, `error: reduce range(64) as $i ([0]; . + .): the result is longer than 1048576`},
		{`null`, `reduce range(64) as $i ("x"; "\(.)\(.)")`, `error: reduce range(64) as $i ("x"; "\(.)\(.)"): the result is longer than 1048576`},
		{`null`, `reduce range(200) as $i ("xyz"; @base64)`, `error: reduce range(200) as $i ("xyz"; @base64): the result is longer than 1048576`},
		{`null`, `reduce range(64) as $i (1; [., .])`, `error: reduce range(64) as $i (1; [., .]): the value is larger than the limit of 4 MiB`},
		{`null`, `reduce range(64) as $i (1; [., .]) | tojson`, `error: reduce range(64) as $i (1; [., .]) | tojson: the value is larger than the limit of 4 MiB`},
		{`null`, `reduce range(64) as $i (1; [., .]) | . == (. | map(.))`, `error: reduce range(64) as $i (1; [., .]) | . == (. | map(.)): the value is larger than the limit of 4 MiB`},
		{`null`, `reduce range(1000) as $i (1; [.])`, `error: reduce range(1000) as $i (1; [.]): the value is nested more than 500 levels deep`},
		{`null`, `def f: f; f`, `error: def f: f; f: takes too many steps`},
		{`null`, `[repeat(1)]`, `error: [repeat(1)]: takes too many steps`},
	}
	for _, test := range tests {
		input, err := decode([]byte(test.input))
		if err != nil {
			t.Fatal(err)
		}
		e, err := compileExpr(test.source, nil)
		if err != nil {
			t.Errorf("%s: %s", test.source, err)
			continue
		}
		got := ""
		if v, err := e.run(input, nil, &fuel{left: maxExpressionFuel}); err != nil {
			got = "error: " + err.Error()
		} else {
			got = string(encode(v))
		}
		if got != test.want {
			t.Errorf("%s | %s\ngives    %s\nexpected %s", test.input, test.source, got, test.want)
		}
	}
}

// What texts of a document give.
func TestTexts(t *testing.T) {
	tests := []struct{ text, want string }{
		{"plain", `"plain"`},
		{"", `""`},
		{"${ .n }", `1`},
		{"  ${ .n }\n", `1`},
		{"${.n}", `1`},
		{"n is ${ .n }, o is ${ .o }", `"n is 1, o is {\"a\":[1]}"`},
		{"${ .n }${ .n }", `"11"`},
		{`${ "a \(.n) } b" }`, `"a 1 } b"`},
		{`${ { n: .n, b: "}" } }`, `{"b":"}","n":1}`},
		{`${ "\"}" }`, `"\"}"`},
		{"${ .n # a comment\n + 1 }", `2`},
		{`${ "${" }`, `"${"`},
		{"costs $5 {n}", `"costs $5 {n}"`},
	}
	input := map[string]any{"n": 1, "o": map[string]any{"a": []any{1}}}
	for _, test := range tests {
		tmpl, err := compileText(test.text, nil, false)
		if err != nil {
			t.Errorf("%q: %s", test.text, err)
			continue
		}
		v, failed := tmpl.run(func(e *expr) (any, *Error) {
			v, err := e.run(input, nil, &fuel{left: maxExpressionFuel})
			if err != nil {
				t.Errorf("%q: %s", test.text, err)
			}
			return v, nil
		})
		if got := string(encode(v)); failed != nil || got != test.want {
			t.Errorf("%q gives %s, not %s", test.text, got, test.want)
		}
	}
}

func TestExpressionTooLong(t *testing.T) {
	deep := strings.Repeat("(", maxExpression)
	if _, err := compileExpr(deep+".", nil); err == nil || !strings.Contains(err.Error(), "the limit is") {
		t.Error(err)
	}
	nested := strings.Repeat("[", maxExpression/2-1) + "1" + strings.Repeat("]", maxExpression/2-1)
	if _, err := compileExpr(nested, nil); err != nil {
		t.Error(err)
	}
}

// Whatever numbers and texts are stored, they come back as the same data.
func TestCanonicalValuesSurviveEncoding(t *testing.T) {
	for _, text := range []string{`1`, `-0`, `0.5`, `1e20`, `1e21`, `1e22`, `123456789012345678901234567890`, `1.0`, `100000000000000000000.0`, `5e-324`, `"<&>\u2028"`} {
		v, err := decode([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		again, err := decode(encode(v))
		if err != nil || string(encode(again)) != string(encode(v)) {
			t.Errorf("%s: %v", text, err)
		}
		if _, changed, _ := (&canonicalizer{left: maxValueCost}).value(v, 0); changed && !strings.ContainsAny(text, ".e") {
			t.Errorf("%s is not in its canonical form", text)
		}
	}
}
