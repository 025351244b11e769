package ftp

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
)

// Bounds of what a server may say.
const (
	maxLine  = 4 << 10   // bytes of one line of a reply
	maxReply = 256 << 10 // bytes of one reply
)

// A reply is what a server answers to a command.
type reply struct {
	code  int
	lines []string // without the code of the first and the last one
}

func (r reply) text() string { return strings.Join(r.lines, " ") }

// last is the line that ends the reply, without its code.
func (r reply) last() string { return r.lines[len(r.lines)-1] }

func (r reply) good() bool { return r.code >= 200 && r.code < 300 }

// err is nil for a reply that agrees.
func (r reply) err() error {
	if r.good() {
		return nil
	}
	return &replyError{r.code, r.text()}
}

// replyError is a reply that refuses.
type replyError struct {
	code int
	text string
}

// Error shows what the server said, shortened and made printable.
func (e *replyError) Error() string {
	return fmt.Sprintf("the server answers %d %s", e.code, printable(e.text))
}

func printable(text string) string {
	const most = 300
	text = strings.Map(func(r rune) rune {
		if !unicode.IsGraphic(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "?"))
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return strings.TrimSpace(text)
}

// An assembler makes replies of lines.
type assembler struct {
	reply
	size int
	open bool // a reply of several lines has begun
}

var errNoReply = errors.New("what the server says is no reply of FTP")

// add takes a line without its line end. whole tells that the reply is complete.
func (a *assembler) add(line string) (whole bool, err error) {
	code, last, text := split(line)
	if !a.open {
		if code == 0 {
			return false, fmt.Errorf("%w: %.100q", errNoReply, line)
		}
		a.reply, a.size, a.open = reply{code: code}, 0, true
	}
	whole = last && code == a.code
	if code != a.code {
		text = line
	}
	a.lines = append(a.lines, text)
	if a.size += len(line) + 2; a.size > maxReply {
		return false, fmt.Errorf("%w: it does not end after %d bytes", errNoReply, a.size)
	}
	a.open = !whole
	return whole, nil
}

// split parts the code from the text. The code is 0 if there is none.
func split(line string) (code int, last bool, text string) {
	if len(line) < 3 {
		return 0, false, line
	}
	for _, c := range []byte(line[:3]) {
		if c < '0' || c > '9' {
			return 0, false, line
		}
		code = code*10 + int(c-'0')
	}
	switch {
	case code < 100 || code > 699:
		return 0, false, line
	case len(line) == 3:
		return code, true, ""
	case line[3] == ' ' || line[3] == '-':
		return code, line[3] == ' ', line[4:]
	default:
		return 0, false, line
	}
}
