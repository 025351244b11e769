package ftp

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/jlaffaye/ftp"

	"gantry/connectors"
)

// session is one login at the server, used by one goroutine at a time.
type session struct {
	config
	lib     *ftp.ServerConn
	control *control
	raw     net.Conn // of the control connection, below TLS
	tickets sessions
	facts   facts
	home    string // absolute; of the login, if the root is relative to it

	ctx    context.Context // ends when the session is given up
	abort  context.CancelFunc
	divert func(io.Reader) error // of the next data connection
	since  time.Time             // it is idle
	algo   string                // that HASH computes
	noMLSD bool                  // the library lists by LIST
	hot    bool                  // another transfer is about to follow
}

// login connects and logs in, within the time-out. noMLSD has folders listed by
// LIST.
func login(ctx context.Context, c config, noMLSD bool) (*session, error) {
	limited, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	s := &session{config: c, noMLSD: noMLSD}
	s.ctx, s.abort = context.WithCancel(context.Background())
	stop := context.AfterFunc(limited, s.abort)
	err := s.greet(limited)
	if err == nil {
		err = s.logIn()
	}
	if !stop() && err == nil {
		err = limited.Err()
	}
	if err == nil {
		return s, nil
	}
	s.abort()
	if limited.Err() != nil && codeOf(err) == 0 {
		err = limited.Err()
	}
	return nil, hungUp(fail("connect to", c.url, c.distrusted(err)))
}

// greet connects and begins TLS, if it is wanted.
func (s *session) greet(ctx context.Context) error {
	raw, err := s.dialer().Dial(ctx, "tcp", s.addr())
	if err != nil {
		return &connectors.Error{
			Kind: connectors.KindUnavailable, Op: "connect to", Path: s.url, Err: err,
			Remedy: "check that the server runs and that its address and port are right",
		}
	}
	s.raw = raw
	context.AfterFunc(s.ctx, func() { _ = raw.Close() })
	conn := raw
	if s.tls == "implicit" {
		if conn, err = s.secure(raw); err != nil {
			return err
		}
	}
	s.control = newControl(conn, s.timeout)
	r, err := s.control.reply()
	for err == nil && r.code == 120 {
		r, err = s.control.reply()
	}
	if err == nil && r.code != 220 {
		err = &replyError{r.code, r.text()}
	}
	s.facts.greeting = r.text()
	if err != nil || s.tls != "explicit" {
		return err
	}
	return s.upgrade()
}

func (s *session) upgrade() error {
	r, err := s.control.ask("AUTH TLS")
	if err != nil {
		return err
	}
	if r.code != 234 && r.code != 334 {
		return &connectors.Error{
			Kind: connectors.KindUnsupported, Op: "connect to", Path: s.url, Err: &replyError{r.code, r.text()},
			Remedy: "the server does not begin TLS when it is asked to: write ftps:// if it does so at once; ftp:// shows the password to everybody on the way",
		}
	}
	if s.control.in.Buffered() > 0 {
		return fmt.Errorf("%w: it says more before TLS has begun", errNoReply)
	}
	conn, err := s.secure(s.raw)
	if err != nil {
		return err
	}
	s.control = newControl(conn, s.timeout)
	return nil
}

func (s *session) secure(raw net.Conn) (net.Conn, error) {
	conn := tls.Client(raw, s.tlsConfig(&s.tickets, false))
	return conn, conn.HandshakeContext(s.ctx)
}

// logIn logs in through the library.
func (s *session) logIn() error {
	password, err := connectors.Secret(s.password)
	if err != nil {
		return err
	}
	if password == "" {
		password = "anonymous@"
	}
	s.control.noPASV = s.passive == "epsv"
	s.control.replay()
	dialled := false
	s.lib, err = ftp.Dial(s.addr(), ftp.DialWithDisabledUTF8(true), ftp.DialWithDisabledEPSV(s.passive == "pasv"), ftp.DialWithDisabledMLSD(s.noMLSD),
		ftp.DialWithDialFunc(func(_, addr string) (net.Conn, error) {
			if dialled {
				return s.data(addr)
			}
			dialled = true
			return s.control, nil
		}))
	if err != nil {
		return err
	}
	if err := s.lib.Login(s.user, password); err != nil {
		return s.rejected(err, password)
	}
	s.facts.learn(s.control.said["FEAT"])
	s.control.finalMark = s.facts.software() == pureFTPd
	return s.prepare()
}

// rejected tells why the login failed. The library drops the code of the reply.
func (s *session) rejected(err error, password string) error {
	if s.control.broken != nil {
		return err
	}
	text := s.control.last.text()
	if len(password) > 3 {
		text = strings.ReplaceAll(text, password, "***")
	}
	return &replyError{s.control.last.code, text}
}

// prepare makes the session what we need: protected data, names in UTF-8.
func (s *session) prepare() error {
	if s.tls != "none" {
		for _, command := range []string{"PBSZ 0", "PROT P"} {
			if _, err := s.control.must("%s", command); err != nil {
				return fmt.Errorf("%s: %w", command, err)
			}
		}
	}
	if s.facts.has("UTF8") {
		if _, err := s.control.ask("OPTS UTF8 ON"); err != nil { // some are always so, and refuse
			return err
		}
	}
	if strings.HasPrefix(s.root, "/") {
		return nil
	}
	r, err := s.control.must("PWD")
	if err != nil {
		return err
	}
	s.home, err = quoted(r.text())
	return err
}

// quoted reads the path in a 257 reply: between quotes, its own quotes doubled.
func quoted(text string) (string, error) {
	_, rest, found := strings.Cut(text, `"`)
	for i := 0; found && i < len(rest); i++ {
		if rest[i] != '"' {
			continue
		}
		if i+1 < len(rest) && rest[i+1] == '"' {
			i++
			continue
		}
		if p := strings.ReplaceAll(rest[:i], `""`, `"`); strings.HasPrefix(p, "/") {
			return p, nil
		}
		break
	}
	return "", &connectors.Error{
		Kind: connectors.KindUnsupported, Op: "connect to", Path: "PWD", Err: fmt.Errorf("the login's folder is %.100q", text),
		Remedy: "write the folder's absolute path into the URL",
	}
}

// data opens a data connection. Whatever host the server names, it is made to the
// one of the control connection: a server behind an address translation does not
// know its own, and a hostile one would use us to reach others.
func (s *session) data(addr string) (net.Conn, error) {
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	raw, err := s.dialData(port)
	if err != nil && s.ctx.Err() == nil {
		if port, ok := s.portAnew(); ok {
			raw, err = s.dialData(port)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("open a data connection: %w", err)
	}
	made := &data{Conn: raw, raw: raw.(*net.TCPConn), control: s.control, timeout: s.timeout, divert: s.divert}
	made.release = context.AfterFunc(s.ctx, func() { _ = raw.Close() })
	if s.tls != "none" {
		made.tls = tls.Client(raw, s.tlsConfig(&s.tickets, true))
		made.Conn = made.tls
	}
	return made, nil
}

// until gives the session up when ctx ends. stop ends that, and tells whether it came
// in time: a session that is about to be given up must not serve anybody else.
func (s *session) until(ctx context.Context) (stop func() bool) {
	inTime := context.AfterFunc(ctx, s.abort)
	return func() bool {
		if inTime() {
			return true
		}
		s.abort()
		return false
	}
}

// usable tells whether the session can serve another call.
func (s *session) usable() bool {
	return s.ctx.Err() == nil && s.control.broken == nil && !s.control.pending && s.control.last.code != 421
}

// resync makes sure that no late reply is left, after a transfer that was cut
// short.
func (s *session) resync() {
	r, err := s.control.ask("NOOP")
	for range 2 {
		if err == nil && r.code != 200 {
			r, err = s.control.reply()
		}
	}
}
