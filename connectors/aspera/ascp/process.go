package ascp

import (
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// A process is a running ascp, the head of a process group of its own.
type process struct {
	pid  int
	done chan struct{} // closed once it has ended, and err is set
	err  error
}

// start runs the command on an OS thread that lives as long as the process does:
// the kernel ends a child whose parent dies when the thread that made it ends.
func start(cmd *exec.Cmd) (*process, error) {
	alone(cmd)
	cmd.WaitDelay = 500 * time.Millisecond
	p := &process{done: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(p.done)
		err := cmd.Start()
		if err == nil {
			p.pid = cmd.Process.Pid
		}
		started <- err
		if err == nil {
			p.err = cmd.Wait()
		}
	}()
	return p, <-started
}

// patience of a process that is asked to end: between the order and the first
// signal, and between that and the second one.
const patience = 300 * time.Millisecond

// end makes the whole group end: by itself, by SIGTERM, at last by SIGKILL. It
// returns when the process is gone.
func (p *process) end() {
	for _, signal := range []syscall.Signal{0, syscall.SIGTERM} {
		if signal != 0 {
			_ = syscall.Kill(-p.pid, signal)
		}
		select {
		case <-p.done:
			return
		case <-time.After(patience):
		}
	}
	p.kill()
	<-p.done
}

// kill ends the whole group at once, also what the process has left behind.
func (p *process) kill() { _ = syscall.Kill(-p.pid, syscall.SIGKILL) }
