package ftp

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"regexp"
	"strings"
	"time"
)

// control is a control connection, used in turns by the client library and by
// commands of our own. Every line passes through it once, checked and bounded,
// whoever asked for it: what the library reads is handed on line by line, so that
// nothing is left in its buffer when it is our turn.
type control struct {
	net.Conn
	in      *bufio.Reader
	timeout time.Duration
	noPASV  bool // a fallback from EPSV is not wanted

	rest  []byte // of a line that the library has not read yet
	whole assembler

	verb      string // of the last command
	pending   bool   // a command has no final reply yet
	marks     int    // preliminary replies to it
	answers   int    // replies since the session was taken
	last      reply  // the last one, preliminary or final
	said      map[string]reply
	broken    error // what ended the connection
	ahead     ahead
	reads     deadline
	writes    deadline
	finalMark bool // a second preliminary reply is the final one: Pure-FTPd after a transfer that was cut short
}

func newControl(c net.Conn, timeout time.Duration) *control {
	return &control{Conn: c, in: bufio.NewReaderSize(c, maxLine), timeout: timeout, said: map[string]reply{}}
}

// replay has the library read a greeting.
func (c *control) replay() { c.rest = []byte("220 ready\r\n") }

// Read implements net.Conn for the library.
func (c *control) Read(p []byte) (int, error) {
	if len(c.rest) == 0 {
		line, err := c.line()
		if err != nil {
			return 0, err
		}
		c.rest = []byte(line + "\r\n")
	}
	n := copy(p, c.rest)
	c.rest = c.rest[n:]
	return n, nil
}

// Write implements net.Conn for the library, which writes one command at a time.
func (c *control) Write(p []byte) (int, error) {
	if c.answerAhead(p) {
		return len(p), nil
	}
	if err := c.ready(string(p)); err != nil {
		return 0, err
	}
	if err := c.writes.set(c.timeout, c.SetWriteDeadline); err != nil {
		return 0, c.fail(err)
	}
	n, err := c.Conn.Write(p)
	return n, c.fail(err)
}

func (c *control) ready(command string) error {
	verb, _, _ := strings.Cut(strings.TrimRight(command, "\r\n"), " ")
	if verb == "PASV" && c.noPASV {
		return errors.New("the server has no EPSV, and the option passive allows nothing else")
	}
	c.verb, c.pending, c.marks = verb, true, 0
	return nil
}

// ask sends a command of our own and reads the final reply to it.
func (c *control) ask(format string, args ...any) (reply, error) {
	command := fmt.Sprintf(format, args...)
	if reason := badByte(command); reason != "" {
		return reply{}, errors.New(reason)
	}
	if _, err := c.Write([]byte(command + "\r\n")); err != nil {
		return reply{}, err
	}
	for {
		r, err := c.reply()
		if err != nil || r.code >= 200 {
			return r, err
		}
	}
}

// must is ask for commands that have to succeed.
func (c *control) must(format string, args ...any) (reply, error) {
	r, err := c.ask(format, args...)
	if err == nil {
		err = r.err()
	}
	return r, err
}

// reply reads a whole one.
func (c *control) reply() (reply, error) {
	for {
		if _, err := c.line(); err != nil {
			return reply{}, err
		}
		if !c.whole.open {
			return c.last, nil
		}
	}
}

var (
	errLongLine = fmt.Errorf("%w: a line is longer than %d bytes", errNoReply, maxLine)
	passive     = regexp.MustCompile(`\([0-9]{1,3}(,[0-9]{1,3}){5}\)`)
	extended    = regexp.MustCompile(`\(\|\|\|[0-9]{1,5}\|\)`)
)

// line reads one line, and keeps the account of replies.
func (c *control) line() (string, error) {
	if err := c.reads.set(c.timeout, c.SetReadDeadline); err != nil {
		return "", c.fail(err)
	}
	data, err := c.in.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		err = errLongLine
	}
	if err != nil {
		return "", c.fail(err)
	}
	line := strings.TrimRight(string(data), "\r\n")
	whole, err := c.whole.add(line)
	if err == nil && whole {
		err = c.note(c.whole.reply)
	}
	return line, c.fail(err)
}

// note keeps the last reply, and refuses those that the library would choke on.
func (c *control) note(r reply) error {
	c.last = r
	c.answers++
	if r.code >= 200 || c.marks == 1 && c.finalMark {
		c.pending = false
	} else {
		c.marks++
	}
	if c.verb == "FEAT" {
		c.said[c.verb] = r
	}
	c.ahead.known = c.ahead.known || c.verb == "EPSV" && r.code == 229
	if r.code == 227 && !passive.MatchString(r.text()) || r.code == 229 && !extended.MatchString(r.text()) {
		return fmt.Errorf("%w: %d %.100q", errNoReply, r.code, r.text())
	}
	return nil
}

func (c *control) fail(err error) error {
	if err != nil && c.broken == nil {
		c.broken = err
	}
	return err
}
