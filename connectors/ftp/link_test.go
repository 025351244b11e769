package ftp_test

import (
	"fmt"
	"net"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"gantry/connectors"
	"gantry/connectors/connectortest"
	"gantry/connectors/servers"
)

// link is a way to an FTP server, for its data connections, too: it reads the
// replies to EPSV and PASV and stands in for the ports that they name. It can be
// cut, swallow what it carries, be slow and be far away.
type link struct {
	*connectortest.Link
	t                   *testing.T
	listener            net.Listener
	delay               time.Duration // each way
	rate                int           // bytes/s of one connection from the server; 0 = no limit
	sessions, transfers atomic.Int32
}

func newLink(t *testing.T, to string) *link { return newSlowLink(t, to, 0, 0) }

func newSlowLink(t *testing.T, to string, delay time.Duration, rate int) *link {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	l := &link{t: t, listener: listener, delay: delay, rate: rate, Link: connectortest.NewLink()}
	t.Cleanup(func() { _ = listener.Close(); l.Cut() })
	go l.accept(listener, to, true)
	return l
}

func (l *link) accept(listener net.Listener, to string, control bool) {
	for {
		near, err := listener.Accept()
		if err != nil {
			return
		}
		time.Sleep(2 * l.delay) // the handshake of TCP; only slow links have any
		far, err := net.Dial("tcp", to)
		if err != nil {
			_ = near.Close()
			continue
		}
		l.Connect(near, far)
		go l.carry(far, near, 0, nil)
		var edit func([]byte) []byte
		if control {
			l.sessions.Add(1)
			edit = l.standIn
		} else {
			l.transfers.Add(1)
		}
		go l.carry(near, far, l.rate, edit)
	}
}

var extended = regexp.MustCompile(`\(\|\|\|(\d+)\|\)`)

// standIn puts a port of ours in the place of the server's.
func (l *link) standIn(reply []byte) []byte {
	return extended.ReplaceAllFunc(reply, func(found []byte) []byte {
		port, _ := strconv.Atoi(strings.Trim(string(found), "(|)"))
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return found
		}
		time.AfterFunc(10*time.Second, func() { _ = listener.Close() })
		go l.accept(listener, net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), false)
		return fmt.Appendf(nil, "(|||%d|)", listener.Addr().(*net.TCPAddr).Port)
	})
}

type chunk struct {
	data []byte
	due  time.Time
}

func (l *link) carry(to, from net.Conn, rate int, edit func([]byte) []byte) {
	queue := make(chan chunk, 1024)
	go func() {
		defer to.Close()
		for c := range queue {
			time.Sleep(time.Until(c.due))
			if _, err := to.Write(c.data); err != nil {
				return
			}
		}
	}()
	defer close(queue)
	buffer := make([]byte, 32<<10)
	free := time.Now()
	for {
		n, err := from.Read(buffer)
		if err != nil {
			return
		}
		l.Await()
		data := append([]byte(nil), buffer[:n]...)
		if edit != nil {
			data = edit(data)
		}
		if now := time.Now(); free.Before(now) {
			free = now
		}
		if rate > 0 {
			free = free.Add(time.Duration(n) * time.Second / time.Duration(rate))
			time.Sleep(time.Until(free))
		}
		queue <- chunk{data, free.Add(l.delay)}
	}
}

// through is a location behind the link.
func (l *link) through(t *testing.T, s *servers.FTPD, below string) connectors.Location {
	t.Helper()
	at := location(t, s, "ftp", below)
	at.URL = strings.Replace(at.URL, s.Addr, l.listener.Addr().String(), 1)
	return at
}
