package ascp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	"gantry/connectors"
	"gantry/connectors/aspera/management"
	"gantry/connectors/aspera/spec"
)

// Options of a session.
type Options struct {
	Program string        // absolute path of ascp
	Path    string        // for errors
	Stall   time.Duration // without a report for so long, ascp is taken to hang
	Idle    time.Duration // without a byte more for so long, the same; 0 = never
	Trusted string        // PEM file of certificate authorities; only for web sockets
	Grow    *spec.Grow

	Agreed   func()            // called once, when the far end takes part; may be nil
	Progress func(bytes int64) // called from one goroutine whenever bytes have arrived; may be nil
}

// A Session is one run of ascp.
type Session struct {
	o        Options
	follower follower
	process  *process
	words    *tail
	dir      string // private, for the list of files; goes with the session
	agreed   sync.Once

	mu   sync.Mutex
	conn net.Conn // nil until ascp has dialled in
	rate spec.Kbps
}

// startTime is how long ascp may take from its start to its first report.
const startTime = 20 * time.Second

// Run starts ascp for the transfer and follows it to its end. It returns nil only
// if ascp reported success and ended with it. Errors are *connectors.Error, with a
// [Failure] inside where ascp gave a code. ctx ends the session within a second.
// Nothing of it is left running, and no file of its own.
func Run(ctx context.Context, t spec.Spec, o Options, live func(*Session)) error {
	s := &Session{o: o, follower: follower{path: o.Path}, words: &tail{secrets: secretsOf(t)}, rate: t.TargetRate}
	listener, err := management.Listen()
	if err != nil {
		return s.follower.error(connectors.KindUnavailable, err, "")
	}
	defer listener.Close()
	if s.dir, err = os.MkdirTemp("", "gantry-ascp-"); err != nil {
		return s.follower.error(connectors.KindUnavailable, err, "make room in the folder for temporary files")
	}
	defer os.RemoveAll(s.dir)
	if err := s.start(t, listener.Port()); err != nil {
		return err
	}
	defer s.process.kill()
	if live != nil {
		live(s)
	}
	return s.follow(ctx, listener, t.TargetRate)
}

func secretsOf(t spec.Spec) []string {
	return []string{t.Password, t.KeyPassphrase, t.Key, t.Token, t.Cookie, t.ContentPassword}
}

func (s *Session) start(t spec.Spec, port int) error {
	list := filepath.Join(s.dir, "files")
	c, err := t.Command(spec.Session{ManagementPort: port, ListFile: list, Trusted: s.o.Trusted, Grow: s.o.Grow})
	if err != nil {
		return s.follower.error(connectors.KindInvalid, err, "")
	}
	if c.List != nil {
		if err := os.WriteFile(list, c.List, 0o600); err != nil {
			return s.follower.error(connectors.KindUnavailable, err, "make room in the folder for temporary files")
		}
	}
	cmd := exec.Command(s.o.Program, c.Args...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = s.dir, environment(c.Env), s.words, s.words
	if s.process, err = start(cmd); err != nil {
		return absent(s.o.Program, err)
	}
	return nil
}

// follow reads the reports until the session has ended, one way or another.
func (s *Session) follow(ctx context.Context, listener *management.Listener, startedWith spec.Kbps) error {
	conn, err := s.await(ctx, listener)
	if err != nil {
		s.process.end()
		if ctx.Err() != nil {
			return s.canceled(ctx)
		}
		return err
	}
	defer conn.Close()
	s.connected(conn, startedWith)
	stop := context.AfterFunc(ctx, func() {
		s.cancel()
		s.process.end()
		conn.Close()
	})
	ended := s.read(conn)
	if err := s.unusable(ended); err != nil && ctx.Err() == nil {
		s.process.end()
		stop()
		return err
	}
	exit := s.exit()
	if !stop() && s.follower.verdict(ended, exit, "") != nil {
		return s.canceled(ctx)
	}
	return s.follower.verdict(ended, exit, s.words.words())
}

// await waits for ascp to dial in, or to end before it does.
func (s *Session) await(ctx context.Context, listener *management.Listener) (net.Conn, error) {
	conn, err := listener.Accept(ctx, s.process.pid, s.process.done, startTime)
	switch {
	case err == nil:
		return conn, nil
	case errors.Is(err, management.ErrEnded):
		return nil, s.follower.verdict(err, s.process.err, s.words.words())
	default:
		return nil, s.follower.error(connectors.KindTimeout, err, "is the option ascp really ascp?")
	}
}

// read takes frames until there are no more.
func (s *Session) read(conn net.Conn) error {
	reader := management.NewReader(conn)
	last := time.Now()
	for {
		now := time.Now()
		deadline := now.Add(s.o.Stall)
		if idle := last.Add(s.o.Idle); s.o.Idle > 0 && idle.Before(deadline) {
			deadline = idle
		}
		if err := conn.SetReadDeadline(deadline); err != nil {
			return err
		}
		frame, err := reader.Read()
		if err != nil {
			return err
		}
		if text, ok := frame.Fields["Description"]; ok {
			frame.Fields["Description"] = redact(text, s.words.secrets)
		}
		if s.follower.take(frame) {
			last = now
			if s.o.Progress != nil {
				s.o.Progress(s.follower.bytes)
			}
		}
		if s.follower.agreed {
			s.agreed.Do(s.agree)
		}
	}
}

func (s *Session) agree() {
	if s.o.Agreed != nil {
		s.o.Agreed()
	}
}

// unusable is for a program that has to be ended: it hangs, or is no ascp.
func (s *Session) unusable(ended error) error {
	var format *management.FormatError
	switch {
	case errors.As(ended, &format):
		return s.follower.error(connectors.KindUnsupported, ended, "is the option ascp really ascp?")
	case errors.Is(ended, os.ErrDeadlineExceeded):
		return s.follower.error(connectors.KindTimeout, fmt.Errorf("ascp hangs: no report for %s, or no byte for %s", s.o.Stall, s.o.Idle), "")
	default:
		return nil
	}
}

// exit waits for the program. One that reports no more and does not end is ended.
func (s *Session) exit() error {
	select {
	case <-s.process.done:
	case <-time.After(s.o.Stall):
		s.process.end()
	}
	return s.process.err
}

func (s *Session) canceled(ctx context.Context) error {
	return s.follower.error(connectors.KindOf(ctx.Err()), context.Cause(ctx), "")
}

// SetRate changes the target rate while the session runs.
func (s *Session) SetRate(rate spec.Kbps) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rate = rate
	return s.send(management.SetRate(int64(rate)))
}

// connected hands on a rate that was set before ascp had dialled in.
func (s *Session) connected(conn net.Conn, startedWith spec.Kbps) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conn = conn; s.rate != startedWith {
		_ = s.send(management.SetRate(int64(s.rate))) // a connection that is broken already shows when it is read
	}
}

// orderTime is how long ascp may take to take an order, in a buffer of the system.
const orderTime = 200 * time.Millisecond

// cancel orders ascp to end; what it does not heed, the process's end sees to.
func (s *Session) cancel() {
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = s.send(management.Stopping())
}

// send needs the lock. Before ascp has dialled in, there is nobody to send to.
func (s *Session) send(f management.Frame) error {
	if s.conn == nil {
		return nil
	}
	if err := s.conn.SetWriteDeadline(time.Now().Add(orderTime)); err != nil {
		return err
	}
	return management.Write(s.conn, f)
}
