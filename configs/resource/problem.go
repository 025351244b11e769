package resource

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// A Problem is one mistake in a document and its place.
type Problem struct {
	File         string
	Line, Column int // from 1; Column 0 if not known
	Message      string
}

// Error gives file:line:column: message.
func (p *Problem) Error() string {
	if p.Column == 0 {
		return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.Message)
	}
	return fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, p.Message)
}

// problemAt makes a Problem about a node of a document that begins on firstLine.
func problemAt(file string, firstLine int, n *yaml.Node, format string, args ...any) *Problem {
	return &Problem{File: file, Line: max(n.Line, 1) + firstLine - 1, Column: n.Column, Message: fmt.Sprintf(format, args...)}
}

var (
	yamlPlace = regexp.MustCompile(`line (\d+): `)
	// The library's parser counts lines from 0, other than its scanner.
	countsFromZero = regexp.MustCompile(`did not find expected (',' or |'-' indicator|key$|node content|<document start>)`)
)

// syntaxProblem gives a YAML library's error the place in the whole file.
func syntaxProblem(file string, firstLine int, err error) *Problem {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	p := &Problem{File: file, Line: firstLine, Message: text}
	if m := yamlPlace.FindStringSubmatchIndex(text); m != nil {
		p.Message = text[:m[0]] + text[m[1]:]
		if n, err := strconv.Atoi(text[m[2]:m[3]]); err == nil {
			p.Line = firstLine + n - 1
		}
		if countsFromZero.MatchString(p.Message) {
			p.Line++
		}
	}
	return p
}

// withoutPlace is for messages whose place is known better.
func withoutPlace(err error) string {
	return yamlPlace.ReplaceAllString(strings.TrimPrefix(err.Error(), "yaml: "), "")
}
