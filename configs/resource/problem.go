package resource

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
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

var yamlPlace = regexp.MustCompile(`line (\d+): `)

// syntaxProblem gives a YAML library's error the place in the whole file.
func syntaxProblem(file string, firstLine int, err error) error {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	p := &Problem{File: file, Line: firstLine, Message: text}
	if m := yamlPlace.FindStringSubmatchIndex(text); m != nil {
		n, convErr := strconv.Atoi(text[m[2]:m[3]])
		if convErr == nil {
			p.Line = firstLine + n - 1
		}
		p.Message = text[:m[0]] + text[m[1]:]
	}
	return p
}

var errTooDeep = errors.New("the document is nested too deeply")
