package ftp

import (
	"net"
	"strings"
	"sync/atomic"
	"time"
)

// Of a small file, the exchanges are what a transfer costs. So the port of the next data
// connection (EPSV) is asked for together with what is asked anyway, where another
// transfer is about to follow. It is for servers that are known to take several commands
// at once and to keep the port, whatever is asked in between.

// aheadFor is how long such a port is counted on.
const aheadFor = 5 * time.Second

// ahead is a reply to EPSV that the library has not asked for yet.
type ahead struct {
	line  string // "" if there is none
	since time.Time
	known bool // the server has answered an EPSV of the library
	used  bool // the last data connection went to a port that was asked for ahead
}

// succession tells whether small files come one after the other.
type succession struct{ last atomic.Int64 }

// follows is asked once for each file. It is true where the one before was not long ago.
func (f *succession) follows(now time.Time) bool {
	return now.UnixNano()-f.last.Swap(now.UnixNano()) < int64(time.Second)
}

// warm runs a call after which another transfer is about to follow, if it is.
func (s *session) warm(follows bool, call func() error) error {
	s.hot = follows
	defer func() { s.hot = false }()
	return call()
}

// together sends several commands at once, and on a session that is hot asks for the port
// of the next data connection, too.
func (s *session) together(commands ...string) ([]reply, error) {
	c := s.control
	if !s.hot || !c.ahead.known || c.ahead.open() || s.facts.software() == "" || s.passive == "pasv" {
		return c.together(commands...)
	}
	c.ahead.line = ""
	replies, err := c.together(append(commands, "EPSV")...)
	if err != nil {
		return nil, err
	}
	last := len(replies) - 1
	if r := replies[last]; r.code == 229 {
		c.ahead.line, c.ahead.since = "229 "+r.last(), time.Now()
	}
	return replies[:last], nil
}

// answerAhead answers a command of the library that has been answered already.
func (c *control) answerAhead(command []byte) bool {
	if string(command) != "EPSV\r\n" {
		return false
	}
	if c.ahead.used = c.ahead.open(); c.ahead.used {
		c.rest = []byte(c.ahead.line + "\r\n")
	}
	c.ahead.line = ""
	return c.ahead.used
}

// open tells whether there is a port to count on.
func (a ahead) open() bool { return a.line != "" && time.Since(a.since) <= aheadFor }

// portAnew asks for another port where one that was asked for ahead is closed.
func (s *session) portAnew() (port string, ok bool) {
	if !s.control.ahead.used {
		return "", false
	}
	s.control.ahead = ahead{}
	r, err := s.control.ask("EPSV")
	if err != nil || r.code != 229 {
		return "", false
	}
	return strings.Trim(extended.FindString(r.text()), "(|)"), true
}

// dialData connects to a port of the server.
func (s *session) dialData(port string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(s.raw.RemoteAddr().String())
	if err != nil {
		return nil, err
	}
	d := s.dialer()
	d.Stall, d.Bounded = 0, true // small files have as many connections: see data
	return d.Dial(s.ctx, "tcp", net.JoinHostPort(host, port))
}
