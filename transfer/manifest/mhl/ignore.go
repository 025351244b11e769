package mhl

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// Ignore tells which paths a history leaves out. The zero value leaves out nothing. It may be used by many goroutines at once.
type Ignore struct{ rules []ignoreRule }

// ignoreRule is one pattern: a plain name, or an expression for the whole path.
type ignoreRule struct {
	name   string
	match  *regexp.Regexp
	negate bool
}

// NewIgnore reads patterns as .gitignore has them, seen from the history's root; the last one that matches decides. A pattern that ends in a slash
// stands for what is below a folder of that name, and not for the folder itself.
//
// The error names the patterns that mean nothing; the others are used all the same.
func NewIgnore(patterns []string) (Ignore, error) {
	var ignore Ignore
	var errs []error
	for _, p := range patterns {
		r, ok, err := ignoreRuleOf(p)
		if err != nil {
			errs = append(errs, fmt.Errorf("ignore pattern %q: %w", p, err))
		} else if ok {
			ignore.rules = append(ignore.rules, r)
		}
	}
	return ignore, errors.Join(errs...)
}

// Match tells whether a path below the root, or a folder that it is in, is left out.
func (i Ignore) Match(path string) bool {
	for end := 0; end < len(path); end++ {
		n := strings.IndexByte(path[end:], '/')
		if n < 0 {
			return i.one(path)
		}
		if end += n; i.one(path[:end]) {
			return true
		}
	}
	return false
}

func (i Ignore) one(path string) bool {
	name := path[strings.LastIndexByte(path, '/')+1:]
	for n := len(i.rules) - 1; n >= 0; n-- {
		r := i.rules[n]
		if r.match == nil && r.name == name || r.match != nil && r.match.MatchString(path) {
			return !r.negate
		}
	}
	return false
}

func ignoreRuleOf(pattern string) (r ignoreRule, ok bool, err error) {
	p := trimBlanks(pattern)
	if p == "" || strings.HasPrefix(p, "#") {
		return r, false, nil
	}
	if rest, found := strings.CutPrefix(p, "!"); found {
		r.negate, p = true, rest
	}
	segments := strings.Split(p, "/")
	switch {
	case strings.Trim(p, "/") == "":
		return r, false, errors.New("it names nothing")
	case segments[0] == "":
		segments = segments[1:]
	case len(segments) == 1 && !strings.ContainsAny(p, `*?[\`):
		r.name = p
		return r, true, nil
	case len(segments) == 1, len(segments) == 2 && segments[1] == "":
		segments = append([]string{"**"}, segments...)
	}
	if last := len(segments) - 1; segments[last] == "" {
		segments[last] = "**"
	}
	text, err := pathExpression(segments)
	if err != nil {
		return r, false, err
	}
	r.match, err = regexp.Compile(`(?s)^` + text + `$`)
	return r, err == nil, err
}

// trimBlanks cuts blanks at the end, but for an escaped one.
func trimBlanks(p string) string {
	for strings.HasSuffix(p, " ") && !strings.HasSuffix(p, `\ `) {
		p = p[:len(p)-1]
	}
	return strings.TrimRight(p, "\r\n")
}

func pathExpression(segments []string) (string, error) {
	var b strings.Builder
	slash, last := false, len(segments)-1
	for i, s := range segments {
		switch {
		case s == "**" && i == 0 && i == last:
			return ".+", nil
		case s == "**" && i == 0:
			b.WriteString("(?:.+/)?")
		case s == "**" && i == last:
			b.WriteString("/.*")
		case s == "**":
			b.WriteString("(?:/.+)?")
			slash = true
		case s == "":
			return "", errors.New("it has two slashes in a row")
		default:
			if slash {
				b.WriteByte('/')
			}
			b.WriteString(nameExpression(s))
			if i == last {
				b.WriteString("(?:/.*)?")
			}
			slash = true
		}
	}
	return b.String(), nil
}

func nameExpression(s string) string {
	if s == "*" {
		return "[^/]+"
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case '*':
			b.WriteString("[^/]*")
		case '?':
			b.WriteString("[^/]")
		case '[':
			if class, n := classExpression(s[i:]); n > 0 {
				b.WriteString(class)
				i += n - 1
				continue
			}
			b.WriteString(`\[`)
		case '\\':
			if i++; i < len(s) {
				b.WriteString(regexp.QuoteMeta(s[i : i+1]))
			}
		default:
			if c < 0x80 {
				b.WriteString(regexp.QuoteMeta(s[i : i+1]))
			} else {
				b.WriteByte(c) // a piece of a letter in UTF-8
			}
		}
	}
	return b.String()
}

// classExpression translates the class of characters at the beginning of s, and tells its length; 0 if there is none.
func classExpression(s string) (string, int) {
	start := 1
	if start < len(s) && (s[start] == '!' || s[start] == '^') {
		start++
	}
	if start >= len(s) {
		return "", 0
	}
	end := strings.IndexByte(s[start+1:], ']') // a bracket that comes first stands for itself
	if end < 0 {
		return "", 0
	}
	end += start + 1
	inner := strings.NewReplacer(`\`, `\\`, `[`, `\[`, `]`, `\]`, `^`, `\^`, `&`, `\&`).Replace(s[start:end])
	if start == 2 {
		return "[^/" + inner + "]", end + 1
	}
	return "[" + inner + "]", end + 1
}
