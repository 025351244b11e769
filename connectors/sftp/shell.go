package sftp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"

	"gantry/connectors/promise"
)

// shellCommand is all that a server is asked to run: the script comes through its standard
// input, so that no login shell has to understand how a name is quoted.
const shellCommand = "/bin/sh"

// mostWords bounds what a server may answer to a script, in bytes: some print a banner
// before it.
const mostWords = 64 << 10

// A shell is a channel beside the sessions of the protocol.
type shell struct {
	ssh.Channel
	link   *link
	exited <-chan bool // once it has ended: whether the server says so, or the connection is lost
}

// newShell opens one. It waits for ctx or the end of the link.
func (l *link) newShell(ctx context.Context) (shell, error) {
	return promise.Await(ctx, func() (shell, error) {
		channel, requests, err := l.OpenChannel("session", nil)
		if err != nil {
			return shell{}, err
		}
		exited := make(chan bool, 1)
		go func() {
			told := false
			for r := range requests {
				told = told || strings.HasPrefix(r.Type, "exit-")
				_ = r.Reply(false, nil)
			}
			exited <- told
		}()
		return shell{channel, l, exited}, nil
	}, shell.end)
}

// A coming shell is opened while something else is done.
type coming struct {
	ready chan struct{} // closed when it is there, or cannot be
	shell shell
	err   error
	taken bool
}

// willShell opens one in the background, see newShell. It is taken by wait, or dropped.
func (l *link) willShell(ctx context.Context) *coming {
	s := &coming{ready: make(chan struct{})}
	go func() {
		defer close(s.ready)
		s.shell, s.err = l.newShell(ctx)
	}()
	return s
}

func (s *coming) wait() (shell, error) {
	<-s.ready
	s.taken = true
	return s.shell, s.err
}

// drop ends a shell that nobody has taken.
func (s *coming) drop() {
	if s.taken {
		return
	}
	go func() {
		if <-s.ready; s.err == nil {
			s.shell.end()
		}
	}()
}

// end stops what runs in it, also on servers that know no signals: scripts that take long
// end when their standard input does.
func (s shell) end() {
	_, _ = s.SendRequest("signal", false, ssh.Marshal(struct{ Name string }{"TERM"}))
	_ = s.Close()
}

// closing is how long a server may take to close a channel.
const closing = 5 * time.Second

// run has a script run, and gives what it prints up to the line that begins with last. A
// script that runs long keeps its standard input open. It returns as soon as ctx ends; a
// server that does not even close the channel then loses the connection.
func (s shell) run(ctx context.Context, script, last string, long bool) (string, error) {
	type result struct {
		printed string
		err     error
	}
	done := make(chan result, 1)
	go func() {
		printed, err := s.talk(ctx, script, last, long)
		done <- result{printed, err}
	}()
	select {
	case r := <-done:
		return r.printed, r.err
	case <-ctx.Done():
		go func() {
			select {
			case <-done:
			case <-time.After(closing):
				s.link.end()
			}
		}()
		return "", ctx.Err()
	}
}

func (s shell) talk(ctx context.Context, script, last string, long bool) (printed string, err error) {
	defer s.Close()
	defer context.AfterFunc(ctx, s.end)()
	// No answer is awaited, which would cost a round trip more.
	if _, err := s.SendRequest("exec", false, ssh.Marshal(struct{ Command string }{shellCommand})); err != nil {
		return "", err
	}
	complaint := excerptOf(s.Stderr())
	if _, err := io.WriteString(s, script); err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	if !long {
		_ = s.CloseWrite()
	}
	printed, err = s.upTo(last)
	switch {
	case ctx.Err() != nil:
		return "", ctx.Err()
	case errors.Is(err, io.EOF): // on both streams
		select {
		case told := <-s.exited:
			if !told {
				return "", io.ErrUnexpectedEOF
			}
		case <-ctx.Done():
			return "", ctx.Err()
		}
		return "", fmt.Errorf("%w: %s", errNoShell, answer(<-complaint, printed))
	case err != nil:
		s.end()
		return "", fmt.Errorf("%w: %s", errNoShell, answer("", printed))
	}
	return printed, nil
}

// errNoShell is of servers that do something else than what they are asked.
var errNoShell = errors.New("the server does not run commands as a shell does")

var errEndless = errors.New("more was printed than belongs to an answer")

// upTo reads up to a line that begins so.
func (s shell) upTo(last string) (string, error) {
	var all strings.Builder
	buffer := make([]byte, 4<<10)
	line := 0 // where the last one begins
	for all.Len() < mostWords {
		n, err := s.Read(buffer)
		all.Write(buffer[:n])
		for {
			text := all.String()[line:]
			end := strings.IndexByte(text, '\n')
			if end < 0 {
				break
			}
			if line > 0 && strings.HasPrefix(text, last) {
				return all.String(), nil
			}
			line += end + 1
		}
		if err != nil {
			return all.String(), err
		}
	}
	return all.String(), errEndless
}

// excerptOf reads all of r in the background, and gives how it begins.
func excerptOf(r io.Reader) <-chan string {
	const most = 200
	begins := make(chan string, 1)
	go func() {
		text, _ := io.ReadAll(io.LimitReader(r, most))
		begins <- string(text)
		_, _ = io.Copy(io.Discard, r)
	}()
	return begins
}

// answer quotes the first of these texts that says something.
func answer(texts ...string) string {
	for _, text := range texts {
		if line, _, _ := strings.Cut(strings.TrimSpace(text), "\n"); line != "" {
			return fmt.Sprintf("it answers %q", printable(line))
		}
	}
	return "it answers nothing"
}
