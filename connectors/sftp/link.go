package sftp

import (
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/ssh"
)

// A link is one SSH connection, good until done is closed. Its sessions end with
// it.
type link struct {
	*ssh.Client
	wire     *wired
	timeout  time.Duration
	done     chan struct{}
	end      func()       // closes done and the wire
	patience atomic.Int64 // nanoseconds of silence that are no bad sign now, beyond the time-out
	sessions int          // under the pool's mutex
	full     bool         // the server opens no further session; under the pool's mutex
}

// wired counts what arrives, a sign of life, and what is sent.
type wired struct {
	net.Conn
	roundTrip     time.Duration // of the handshake with the first host; 0 = not known
	direct        bool          // which is the server
	arrived, sent atomic.Int64
}

func (w *wired) Write(p []byte) (int, error) {
	n, err := w.Conn.Write(p)
	w.sent.Add(int64(n))
	return n, err
}

func (w *wired) Read(p []byte) (int, error) {
	n, err := w.Conn.Read(p)
	w.arrived.Add(int64(n))
	return n, err
}

func newLink(client *ssh.Client, w *wired, timeout time.Duration) *link {
	l := &link{Client: client, wire: w, timeout: timeout, done: make(chan struct{})}
	l.end = sync.OnceFunc(func() { close(l.done); _ = w.Close() })
	go func() {
		_ = client.Wait() // why it ended, the calls under way tell
		l.end()
	}()
	go l.keepAlive()
	return l
}

// keepAlive gives the connection up when nothing arrives for the time-out, asking
// for a sign of life before.
func (l *link) keepAlive() {
	const asks = 3
	tick := time.NewTicker(l.timeout / asks)
	defer tick.Stop()
	last, quiet := l.wire.arrived.Load(), time.Duration(0)
	for {
		select {
		case <-l.done:
			return
		case <-tick.C:
		}
		if now := l.wire.arrived.Load(); now != last {
			last, quiet = now, 0
			continue
		}
		if quiet == 0 {
			go func() { _, _, _ = l.SendRequest("keepalive@openssh.com", true, nil) }()
		}
		if quiet += l.timeout / asks; quiet >= l.timeout/asks*asks+time.Duration(l.patience.Load()) {
			l.end()
			return
		}
	}
}

// patient says that a request is under way which a server may work on in silence:
// to sync, copy or hash so many bytes. OpenSSH gives signs of life meanwhile, so
// that a lost link to it is found as early as ever.
func (l *link) patient(size int64) (over func()) {
	if l.isOpenSSH() {
		return func() {}
	}
	const slowest, most = 10 << 20, time.Hour // bytes/s of a server that is still at work
	extra := max(2*l.timeout, min(time.Duration(size/slowest)*time.Second, most))
	l.patience.Add(int64(extra))
	return func() { l.patience.Add(-int64(extra)) }
}

func (l *link) isOpenSSH() bool { return strings.HasPrefix(l.software(), "OpenSSH") }

// nextDoor tells whether the server answers at once, as far as is known: behind a jump
// host it is not.
func (l *link) nextDoor() bool {
	return l.wire.direct && l.wire.roundTrip > 0 && l.wire.roundTrip < time.Millisecond
}

// software is what the server calls itself.
func (l *link) software() string {
	name := string(l.ServerVersion())
	for _, protocol := range []string{"SSH-2.0-", "SSH-1.99-"} {
		name = strings.TrimPrefix(name, protocol)
	}
	return printable(name)
}

// printable keeps a server from writing into our terminals and logs.
func printable(s string) string {
	const most = 200
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == '\uFFFD' {
			return '?'
		}
		return r
	}, s[:min(len(s), most)])
}
