package servers

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"time"
)

// startTimeout bounds how long a server may take until it answers.
const startTimeout = 20 * time.Second

// A process is a running server.
type process struct {
	pid  int
	log  string        // path of its log
	done chan struct{} // closed once it has ended and was waited for
	stop func() error
}

// A command says how to start a server on a port.
type command struct {
	name  string
	log   string
	env   []string // beside environment()
	argv  func(port int) ([]string, error)
	ready func(ctx context.Context, addr string) error // asked again until it gives nil
}

// start runs c on port, or on a free port if port is 0, and returns when the
// server is ready. A port that somebody else took in between is tried anew.
func start(ctx context.Context, c command, port int) (*process, string, error) {
	var last error
	for range 5 {
		use := port
		if use == 0 {
			var err error
			if use, err = FreePort(); err != nil {
				return nil, "", err
			}
		}
		addr := fmt.Sprintf("127.0.0.1:%d", use)
		p, err := c.run(ctx, use)
		if err != nil {
			return nil, "", err
		}
		if err = p.await(ctx, c, addr); err == nil {
			return p, addr, nil
		}
		last = err
		ended := p.ended()
		_ = p.stop()
		if ctx.Err() != nil || !ended {
			break
		}
	}
	return nil, "", fmt.Errorf("start %s: %w; its log %s ends with:\n%s", c.name, last, c.log, tail(c.log))
}

// run starts the process, on an OS thread that lives as long as the process
// does: the kernel ends a child when the thread that made it ends, not the whole
// parent process.
func (c command) run(ctx context.Context, port int) (*process, error) {
	argv, err := c.argv(port)
	if err != nil {
		return nil, err
	}
	out, err := os.OpenFile(c.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Stdout, cmd.Stderr = out, out
	cmd.Env = append(environment(), c.env...)
	dieWithParent(cmd)

	p := &process{log: c.log, done: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer out.Close()
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // its end is what counts; a killed server has no exit code to report
		}
		close(p.done)
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", c.name, err)
	}
	p.pid = cmd.Process.Pid
	p.stop = sync.OnceValue(func() error {
		select {
		case <-p.done:
			return nil
		default:
		}
		if err := killTree(cmd.Process); err != nil {
			return fmt.Errorf("stop %s: %w", c.name, err)
		}
		<-p.done
		return nil
	})
	context.AfterFunc(ctx, func() { _ = p.stop() })
	return p, nil
}

// await returns when the server answers, has ended, or took too long.
func (p *process) await(ctx context.Context, c command, addr string) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := c.ready(ctx, addr)
		if err == nil {
			// Another process may own the port, while ours has ended.
			if p.ended() {
				return errors.New("it ended at once")
			}
			return nil
		}
		select {
		case <-p.done:
			return errors.New("it ended at once")
		case <-ctx.Done():
			return fmt.Errorf("it does not answer on %s: %w", addr, err)
		case <-tick.C:
		}
	}
}

func (p *process) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// environment keeps a server from being configured by the variables of whoever
// runs us.
func environment() []string {
	var kept []string
	for _, name := range []string{"PATH", "HOME", "TMPDIR", "USER", "LOGNAME"} {
		if value, ok := os.LookupEnv(name); ok {
			kept = append(kept, name+"="+value)
		}
	}
	return kept
}

func tail(path string) string {
	data, err := os.ReadFile(path)
	if err != nil {
		return "(no log: " + err.Error() + ")"
	}
	lines := strings.Split(strings.TrimSpace(string(data)), "\n")
	return strings.Join(lines[max(0, len(lines)-5):], "\n")
}
