package sftp

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"path"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"

	"gantry/connectors"
)

// conn is one connection to the server, good until done is closed.
type conn struct {
	*sftp.Client
	ssh     *ssh.Client
	wire    *wire
	root    string // absolute; of the location
	payload int    // bytes of one request
	done    chan struct{}
	end     func() // closes done and the wire
}

// wire counts what arrives: a sign of life.
type wire struct {
	net.Conn
	arrived atomic.Int64
}

func (w *wire) Read(p []byte) (int, error) {
	n, err := w.Conn.Read(p)
	w.arrived.Add(int64(n))
	return n, err
}

// dial connects and logs in, within the time-out.
func dial(ctx context.Context, c config) (*conn, error) {
	limited, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	check, algorithms, err := c.trust()
	if err != nil {
		return nil, err
	}
	methods, release, err := c.auth(limited)
	if err != nil {
		return nil, err
	}
	defer release()
	var d net.Dialer
	raw, err := d.DialContext(limited, "tcp", c.addr())
	if err != nil {
		return nil, c.unreachable(ctx, err)
	}
	w := &wire{Conn: raw}
	stop := context.AfterFunc(limited, func() { _ = raw.Close() })
	defer stop()
	made, err := login(c, w, &ssh.ClientConfig{
		User: c.user, Auth: methods, HostKeyCallback: check, HostKeyAlgorithms: algorithms, ClientVersion: "SSH-2.0-gantry",
		Config: ssh.Config{Ciphers: ciphers()},
	})
	if err == nil {
		err = limited.Err()
	}
	if err != nil {
		_ = raw.Close()
		if limited.Err() != nil {
			err = limited.Err()
		}
		return nil, c.unreachable(ctx, err)
	}
	go made.watch()
	go made.keepAlive(c.timeout)
	return made, nil
}

// ciphers puts those first that processors have instructions for.
func ciphers() []string {
	return []string{ssh.CipherAES128GCM, ssh.CipherAES256GCM, ssh.CipherChaCha20Poly1305, ssh.CipherAES128CTR, ssh.CipherAES192CTR, ssh.CipherAES256CTR}
}

func login(c config, w *wire, cc *ssh.ClientConfig) (*conn, error) {
	transport, channels, requests, err := ssh.NewClientConn(w, c.addr(), cc)
	if err != nil {
		return nil, err
	}
	client := ssh.NewClient(transport, channels, requests)
	session, err := client.NewSession()
	if err != nil {
		return nil, err
	}
	in, err := session.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := session.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := session.RequestSubsystem("sftp"); err != nil {
		return nil, connectors.Errorf(connectors.KindUnsupported, "connect to", c.url, "the server has no SFTP: %w", err)
	}
	payload, r, ww, err := greet(out, in)
	if err != nil {
		return nil, err
	}
	files, err := sftp.NewClientPipe(r, ww, sftp.MaxPacketUnchecked(payload), sftp.UseConcurrentWrites(true))
	if err != nil {
		return nil, err
	}
	made := &conn{Client: files, ssh: client, wire: w, payload: payload, done: make(chan struct{})}
	made.end = sync.OnceFunc(func() { close(made.done); _ = w.Close() })
	made.root, err = made.resolve(c.root)
	return made, err
}

// resolve makes the root absolute, and free of links if it is there already.
func (c *conn) resolve(root string) (string, error) {
	resolved, err := c.RealPath(root)
	switch {
	case err == nil:
		return path.Clean(resolved), nil
	case !errors.Is(err, fs.ErrNotExist):
		return "", err
	case path.IsAbs(root):
		return root, nil
	}
	home, err := c.RealPath(".")
	return path.Join(home, root), err
}

// abs is where the server keeps a clean path.
func (c *conn) abs(p string) string { return path.Join(c.root, p) }

// can tells whether the server has an extension in the version that we speak.
func (c *conn) can(extension, version string) bool {
	data, ok := c.HasExtension(extension)
	return ok && data == version
}

func (c *conn) canReplace() bool { return c.can("posix-rename@openssh.com", "1") }

// watch ends the connection when either the files' session or the connection has ended.
func (c *conn) watch() {
	_ = c.Wait() // why it ended, the calls under way tell
	c.end()
}

// keepAlive gives the connection up when nothing arrives for the time-out, asking
// for a sign of life before.
func (c *conn) keepAlive(timeout time.Duration) {
	const asks = 3
	tick := time.NewTicker(timeout / asks)
	defer tick.Stop()
	last, quiet := c.wire.arrived.Load(), 0
	for {
		select {
		case <-c.done:
			return
		case <-tick.C:
		}
		if now := c.wire.arrived.Load(); now != last {
			last, quiet = now, 0
			continue
		}
		if quiet++; quiet == asks {
			c.end()
			return
		}
		if quiet == 1 {
			go func() { _, _, _ = c.ssh.SendRequest("keepalive@openssh.com", true, nil) }()
		}
	}
}

// unreachable gives an error of connecting its kind.
func (c config) unreachable(ctx context.Context, err error) error {
	var known *connectors.Error
	kind, remedy := connectors.KindUnavailable, "check that the server runs and that its address and port are right"
	switch {
	case ctx.Err() != nil:
		kind, remedy = connectors.KindOf(ctx.Err()), ""
	case errors.As(err, &known):
		return known
	case strings.Contains(err.Error(), "unable to authenticate"), strings.Contains(err.Error(), "Too many authentication failures"):
		return c.refused(err)
	case errors.Is(err, context.DeadlineExceeded):
		kind = connectors.KindTimeout
	}
	return &connectors.Error{Kind: kind, Op: "connect to", Path: c.url, Remedy: remedy, Err: err}
}
