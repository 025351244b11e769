package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// limit is how long one run may take.
const limit = 10 * time.Minute

// A figure is what one run of a client took.
type figure struct {
	Wall time.Duration `json:"wall"` // nanoseconds
	CPU  time.Duration `json:"cpu"`  // of the client and its children
	RSS  int64         `json:"rss"`  // peak, in bytes
	Sent int64         `json:"sent,omitempty"`

	Server time.Duration `json:"server,omitempty"` // CPU of the server, meanwhile; 0 = not known
}

// A client is a program that does a scenario's work.
type client struct {
	name string
	argv []string
	env  []string
}

func (c client) installed() bool {
	_, err := exec.LookPath(c.argv[0])
	return err == nil
}

// command is a run of the client in a home of its own, without anybody's settings.
func (w *world) command(ctx context.Context, c client) (*exec.Cmd, *bytes.Buffer) {
	cmd := exec.CommandContext(ctx, c.argv[0], c.argv[1:]...)
	home := filepath.Join(w.dir, "home")
	_ = os.MkdirAll(home, 0o755)
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "LANG=C.UTF-8"}, c.env...)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	return cmd, &said
}

func (w *world) measure(ctx context.Context, c client) (figure, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	cmd, said := w.command(ctx, c)
	began := time.Now()
	err := cmd.Run()
	f := figure{Wall: time.Since(began)}
	if err != nil {
		return f, fmt.Errorf("%s: %w: %s", c.name, err, tail(said.Bytes()))
	}
	f.take(cmd.ProcessState)
	return f, nil
}

func (f *figure) take(s *os.ProcessState) {
	f.CPU = s.UserTime() + s.SystemTime()
	if usage, ok := s.SysUsage().(*syscall.Rusage); ok {
		f.RSS = usage.Maxrss << 10
	}
}

func tail(text []byte) []byte { return bytes.TrimSpace(text[max(0, len(text)-400):]) }
