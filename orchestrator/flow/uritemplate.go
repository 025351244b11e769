package flow

import (
	"strconv"
	"strings"
)

// A uriTemplate is a URI with {name} for top-level fields of a task's input (simple string
// expansion of RFC 6570).
type uriTemplate struct{ parts []uriPart }

// uriPart is a piece of text, or a field to put in.
type uriPart struct {
	text  string
	field bool
}

// compileURI reads a template; a brace that opens nothing stays as it is.
func compileURI(s string) *uriTemplate {
	t := &uriTemplate{}
	for s != "" {
		open := strings.IndexByte(s, '{')
		end := strings.IndexByte(s[max(open, 0):], '}') + max(open, 0)
		if open < 0 || end <= open+1 {
			t.parts = append(t.parts, uriPart{text: s})
			break
		}
		if open > 0 {
			t.parts = append(t.parts, uriPart{text: s[:open]})
		}
		t.parts = append(t.parts, uriPart{text: s[open+1 : end], field: true})
		s = s[end+1:]
	}
	return t
}

// expand puts the fields of input in; what is missing or null is left empty.
func (t *uriTemplate) expand(input any) (string, *Error) {
	fields, _ := input.(map[string]any)
	var b strings.Builder
	for _, p := range t.parts {
		if !p.field {
			b.WriteString(p.text)
			continue
		}
		switch v := fields[p.text].(type) {
		case nil:
		case string:
			b.WriteString(escapeURI(v))
		case bool:
			b.WriteString(strconv.FormatBool(v))
		case []any, map[string]any:
			return "", newError(TypeExpression, "{%s} in a URI must be a string, a number or a boolean, not %s", p.text, excerpt(v))
		default:
			b.Write(encode(v))
		}
	}
	return b.String(), nil
}

// escapeURI encodes all but the unreserved characters.
func escapeURI(s string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-._~", c) >= 0 {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('%')
		b.WriteByte(hex[c>>4])
		b.WriteByte(hex[c&15])
	}
	return b.String()
}
