package sftp_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"gantry/connectors"
	"gantry/connectors/connectortest"
	"gantry/connectors/servers"
	"gantry/connectors/sftp"
)

// link is a wire to the server that can be cut, or swallow all that it carries.
type link struct {
	*connectortest.Link
	listener net.Listener
	most     int          // connections; 0 = any number
	delay    atomic.Int64 // of each way, in nanoseconds
}

func newLink(t *testing.T, to string) *link {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	l := &link{listener: listener, Link: connectortest.NewLink()}
	t.Cleanup(func() { _ = listener.Close(); l.Cut() })
	go func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", to)
			if err == nil && l.full() {
				_ = far.Close()
				err = net.ErrClosed
			}
			if err != nil {
				_ = near.Close()
				continue
			}
			l.Connect(near, far)
			go l.carry(near, far)
			go l.carry(far, near)
		}
	}()
	return l
}

func (l *link) carry(to, from net.Conn) {
	if l.delay.Load() > 0 {
		l.carryLate(to, from)
		return
	}
	defer to.Close()
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		if err != nil {
			return
		}
		l.Await()
		if _, err := to.Write(buffer[:n]); err != nil {
			return
		}
	}
}

// carryLate carries bytes a while after they came, however many there are.
func (l *link) carryLate(to, from net.Conn) {
	type late struct {
		data []byte
		due  time.Time
	}
	queue := make(chan late, 16<<10)
	go func() {
		defer to.Close()
		for p := range queue {
			time.Sleep(time.Until(p.due))
			if _, err := to.Write(p.data); err != nil {
				break
			}
		}
		for range queue { // let the reader go on to its end
		}
	}()
	defer close(queue)
	for {
		buffer := make([]byte, 32<<10)
		n, err := from.Read(buffer)
		if err != nil {
			return
		}
		queue <- late{buffer[:n], time.Now().Add(time.Duration(l.delay.Load()))}
	}
}

func (l *link) full() bool { return l.most > 0 && l.Connections() >= l.most }

// through is a location behind the link.
func through(s *servers.SSHD, l *link, dir string) connectors.Location {
	at := location(s, dir)
	at.URL = "sftp://" + s.User + "@" + l.listener.Addr().String() + dir
	return at
}

// trusting takes the server's key for that of the link's near end.
func trusting(t *testing.T, s *servers.SSHD, at connectors.Location) connectors.Location {
	t.Helper()
	delete(at.Options, "knownHosts")
	at.Options["hostKey"] = hostKeyOf(t, s)
	return at
}

func TestLinkCut(t *testing.T) {
	t.Parallel()
	s := start(t)
	wire := newLink(t, s.Addr)
	dir := t.TempDir()
	place := open(t, trusting(t, s, through(s, wire, dir)))
	up := begin(t, place, "clip", "")
	write(t, up, 1, 2)
	_, err := up.WritePart(t.Context(), part(3), during(frames(3), 20, wire.Cut))
	wantKind(t, "write a part while the link is cut", err, connectors.KindUnavailable)
	write(t, up, 3, 4)
	commit(t, up)
	wantClip(t, filepath.Join(dir, "clip"))

	r, err := place.Open(t.Context(), "clip", 0, -1)
	must(t, err)
	defer r.Close()
	wire.Cut()
	_, err = io.Copy(io.Discard, r)
	if err != nil { // the whole file may have been under way already
		wantKind(t, "read while the link is cut", err, connectors.KindUnavailable)
	}
	if _, err := place.Stat(t.Context(), "clip"); connectors.KindOf(err) == connectors.KindUnavailable {
		_, err = place.Stat(t.Context(), "clip") // the first call may be the one to find out
		must(t, err)
	}
}

// A peer that swallows packets is given up after the time-out; cancelled calls do
// not even wait for that.
func TestLinkSilent(t *testing.T) {
	t.Parallel()
	s := start(t)
	wire := newLink(t, s.Addr)
	dir := t.TempDir()
	at := trusting(t, s, through(s, wire, dir))
	at.Options["timeout"] = "1s"
	place := open(t, at)
	up := begin(t, place, "clip", "")
	write(t, up, 1)

	release := wire.Block()
	defer release()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	began := time.Now()
	_, err := up.WritePart(ctx, part(2), bytes.NewReader(frames(2)))
	wantKind(t, "write a part over a silent link, until a time of our own", err, connectors.KindTimeout)
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("a cancelled call ended after %v", took)
	}
	_, err = up.WritePart(t.Context(), part(2), bytes.NewReader(frames(2)))
	wantKind(t, "write a part over a silent link", err, connectors.KindUnavailable)
	if took := time.Since(began); took > 30*time.Second {
		t.Errorf("the silent link was given up after %v", took)
	}

	release()
	for range 10 { // on a busy machine logging in may take longer than the time-out
		if _, err = place.Stat(t.Context(), "clip"); !connectors.Retryable(err) {
			break
		}
	}
	write(t, up, 2, 3, 4)
	commit(t, up)
	wantClip(t, filepath.Join(dir, "clip"))
}

func TestServerKilledAndRestarted(t *testing.T) {
	t.Parallel()
	s := start(t)
	dir := t.TempDir()
	place := open(t, location(s, dir))
	up := begin(t, place, "clip", "")
	write(t, up, 1, 2)
	_, err := up.WritePart(t.Context(), part(3), during(frames(3), 20, func() { _ = s.Stop() }))
	wantKind(t, "write a part while the server is killed", err, connectors.KindUnavailable)
	_, err = up.WritePart(t.Context(), part(3), bytes.NewReader(frames(3)))
	wantKind(t, "write a part to a server that is down", err, connectors.KindUnavailable)
	_, err = sftp.Connector().Open(t.Context(), location(s, dir))
	wantKind(t, "open a server that is down", err, connectors.KindUnavailable)

	must(t, s.Restart(t.Context()))
	write(t, up, 3)
	up = begin(t, open(t, location(s, dir)), "clip", up.ID())
	write(t, up, 4)
	commit(t, up)
	wantClip(t, filepath.Join(dir, "clip"))
}

// A server that accepts and says nothing.
func TestServerSilent(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer listener.Close()
	key, _, _ := newKey(t, "")
	l := connectors.Location{URL: "sftp://me@" + listener.Addr().String(), Options: map[string]string{"timeout": "200ms", "identityFile": key}}
	_, err = sftp.Connector().Open(t.Context(), l)
	wantKind(t, "open", err, connectors.KindTimeout)

	l.Options["timeout"] = "1h"
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	began := time.Now()
	_, err = sftp.Connector().Open(ctx, l)
	wantKind(t, "open, cancelled", err, connectors.KindCanceled)
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("a cancelled open ended after %v", took)
	}
}
