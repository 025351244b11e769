package sftp

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"

	"golang.org/x/crypto/ssh"

	"gantry/connectors"
	tcp "gantry/connectors/link"
)

// dial connects and logs in, over the jump hosts if there are any, within the
// time-out. Each connection has a way of its own, so that one that breaks takes
// no other along.
func dial(ctx context.Context, c config) (*link, error) {
	limited, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	first := c.hops[0]
	d := tcp.Dialer{Timeout: c.timeout, Stall: c.timeout, Congestion: c.congestion, Line: c.line}
	raw, err := d.Dial(limited, "tcp", first.addr())
	if err != nil {
		return nil, c.unreachable(ctx, first, err)
	}
	w := &wired{Conn: raw, roundTrip: tcp.RoundTrip(raw), direct: len(c.hops) == 1}
	stop := context.AfterFunc(limited, func() { _ = raw.Close() })
	defer stop()
	client, at, err := c.throughHops(limited, w)
	if err == nil {
		err = limited.Err()
	}
	if err != nil {
		_ = raw.Close()
		if limited.Err() != nil {
			err = limited.Err()
		}
		return nil, c.unreachable(ctx, at, err)
	}
	return newLink(client, w, c.timeout), nil
}

// throughHops logs in at one hop after the other. It tells at which it failed.
func (c config) throughHops(ctx context.Context, conn net.Conn) (*ssh.Client, hop, error) {
	var client *ssh.Client
	for i, h := range c.hops {
		if i > 0 {
			next, err := client.DialContext(ctx, "tcp", h.addr())
			if err != nil {
				return nil, c.hops[i-1], noPassage(c.hops[i-1], h, err)
			}
			conn = next
		}
		var err error
		if client, err = c.enter(ctx, h, conn); err != nil {
			return nil, h, err
		}
	}
	return client, c.server(), nil
}

// enter logs in at one hop.
func (c config) enter(ctx context.Context, h hop, conn net.Conn) (*ssh.Client, error) {
	check, hostKeys, err := c.trust(h)
	if err != nil {
		return nil, err
	}
	l := &login{hop: h, legacy: c.legacy}
	methods, release, err := l.methods(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	var distrust error
	transport, channels, requests, err := ssh.NewClientConn(conn, h.addr(), &ssh.ClientConfig{
		User: h.user, Auth: methods, AuthCallback: l.observe, HostKeyAlgorithms: hostKeys, ClientVersion: "SSH-2.0-gantry", Config: c.algorithmsOffered(),
		HostKeyCallback: func(host string, remote net.Addr, key ssh.PublicKey) error {
			distrust = check(host, remote, key)
			return distrust
		},
	})
	switch {
	case err == nil:
		return ssh.NewClient(transport, channels, requests), nil
	case distrust != nil:
		return nil, distrust
	case l.refusal != nil, strings.Contains(err.Error(), "unable to authenticate"), strings.Contains(err.Error(), "Too many authentication failures"),
		strings.Contains(err.Error(), "unexpected message type 51"): // a refusal before any question, which the library does not take for one
		return nil, l.failed(err)
	}
	return nil, err
}

// algorithmsOffered puts those first that processors have instructions for, and
// leaves out what is broken unless an old server needs it.
func (c config) algorithmsOffered() ssh.Config {
	modern := ssh.SupportedAlgorithms()
	ciphers := []string{ssh.CipherAES128GCM, ssh.CipherAES256GCM, ssh.CipherChaCha20Poly1305, ssh.CipherAES128CTR, ssh.CipherAES192CTR, ssh.CipherAES256CTR}
	offered := ssh.Config{KeyExchanges: modern.KeyExchanges, Ciphers: ciphers, MACs: modern.MACs}
	if c.legacy {
		offered.KeyExchanges = append(offered.KeyExchanges, ssh.InsecureKeyExchangeDH14SHA1, ssh.InsecureKeyExchangeDHGEXSHA1)
		offered.Ciphers = append(offered.Ciphers, ssh.InsecureCipherAES128CBC)
	}
	return offered
}

// noPassage says why a jump host does not let us on.
func noPassage(from, to hop, err error) error {
	var refused *ssh.OpenChannelError
	if !errors.As(err, &refused) {
		return err
	}
	kind, remedy := connectors.KindUnavailable, "check the server's address, as the jump host sees it"
	if refused.Reason == ssh.Prohibited {
		kind, remedy = connectors.KindPermission, "ask its operator to allow TCP forwarding to the server"
	}
	return &connectors.Error{Kind: kind, Op: "connect over", Path: from.name, Remedy: remedy, Err: errors.New("it does not connect us to " + to.addr() + ": " + printable(err.Error()))}
}

// unreachable gives an error of connecting its kind.
func (c config) unreachable(ctx context.Context, at hop, err error) error {
	var known *connectors.Error
	var none *ssh.AlgorithmNegotiationError
	kind, remedy := connectors.KindUnavailable, "check that the server runs and that its address and port are right"
	switch {
	case ctx.Err() != nil:
		kind, remedy = connectors.KindOf(ctx.Err()), ""
	case errors.As(err, &known):
		return known
	case errors.As(err, &none):
		kind, remedy = connectors.KindUnsupported, "have the server brought up to date; the option legacy opens older ones, at a risk"
	case errors.Is(err, context.DeadlineExceeded):
		kind = connectors.KindTimeout
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, io.EOF), strings.Contains(err.Error(), "connection reset"):
		remedy = "it answers, and ended the connection: look into the server's log (too many sessions, as MaxStartups of OpenSSH, an address that is blocked, or no SSH server at all)"
	}
	return &connectors.Error{Kind: kind, Op: "connect to", Path: at.name, Remedy: remedy, Err: err}
}
