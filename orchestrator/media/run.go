package media

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"
)

// call is one run of a tool.
type call struct {
	tool   string
	args   func(input string) []string // gets the input's path as the tool sees it
	mount  string                      // the one file or folder that is read; absolute
	outDir string                      // the one folder that is written, and the tool's working folder; absolute
	limits Limits

	stdout   io.Writer                        // where the tool's output goes; nil where progress is wanted
	progress func(now Progress, frames int64) // the tool was asked for -progress pipe:1
	log      func(logLine)                    // each line of its log
	timeout  time.Duration                    // for the whole run; 0 is none
}

// killGrace is how long a killed tool's pipes may stay open.
const killGrace = 500 * time.Millisecond

// run runs a tool to its end. The errors: the context's own; [ErrStalled], [ErrLimit] and [ErrTool]; and [ErrOutput]
// for any other exit code than 0, which the caller turns into what it means.
func (t *Tools) run(ctx context.Context, c call) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if c.timeout > 0 {
		late := fail(ErrStalled, fmt.Sprintf("it was not done after %s", c.timeout))
		defer time.AfterFunc(c.timeout, func() { cancel(late) }).Stop()
	}
	argv := t.Sandbox.argv(c)
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env = []string{"PATH=/usr/bin:/bin", "HOME=/", "LC_ALL=C", "AV_LOG_FORCE_NOCOLOR=1"}
	cmd.Dir = "/"
	if c.outDir != "" {
		cmd.Dir = c.outDir
	}
	confine(cmd)
	cmd.Cancel = func() error { return kill(cmd) }
	cmd.WaitDelay = killGrace
	cmd.Stdout = c.stdout
	if c.progress != nil {
		w, stop := t.watchProgress(c.progress, cancel)
		defer stop()
		cmd.Stdout = w
	}
	var last tail
	stderr := &lineWriter{each: func(line string) {
		last.add(line)
		if c.log != nil {
			c.log(parseLog(line))
		}
	}}
	cmd.Stderr = stderr

	// The kernel's parent-death signal is tied to the thread that starts the child, so the thread must live as long.
	begin := t.Now()
	runtime.LockOSThread()
	err := cmd.Run()
	runtime.UnlockOSThread()
	stderr.flush()
	return explain(ctx, err, c.limits, t.Now().Sub(begin), last.lines)
}

// watchProgress cancels when the progress does not move for the stall time.
func (t *Tools) watchProgress(emit func(Progress, int64), cancel context.CancelCauseFunc) (io.Writer, func() bool) {
	stall := t.Stall
	if stall <= 0 {
		stall = 2 * time.Minute
	}
	stalled := fail(ErrStalled, fmt.Sprintf("ffmpeg made no progress for %s: the file may be damaged, or the storage hangs", stall))
	timer := time.AfterFunc(stall, func() { cancel(stalled) })
	parser := &progressParser{}
	parser.emit = func(p Progress, moved bool) {
		if moved {
			timer.Reset(stall)
		}
		emit(p, parser.frames)
	}
	return &lineWriter{each: parser.line}, timer.Stop
}

func explain(ctx context.Context, err error, limits Limits, took time.Duration, lines []string) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return fail(ErrTool, err.Error(), lines...)
	}
	// The sandbox does not hand on how much processor time was used, only how much there can have been.
	couldUse := took * time.Duration(runtime.NumCPU())
	said := func(what string) bool {
		return slices.ContainsFunc(lines, func(l string) bool { return strings.Contains(l, what) })
	}
	switch {
	case wasKilled(exit) && limits.CPU > 0 && couldUse > limits.CPU*9/10:
		return fail(ErrLimit, "it took more processor time than a file of its length may", lines...)
	case wasKilled(exit):
		return fail(ErrTool, "it was killed from outside: the machine may be short of memory", lines...)
	case ranOutOfFileSize(exit):
		return fail(ErrLimit, "an output grew larger than is allowed", lines...)
	case said("Cannot allocate memory"):
		return fail(ErrLimit, "it needs more memory than is allowed", lines...)
	case said("bwrap: "), said("prlimit: "):
		return fail(ErrTool, "the sandbox failed: "+plain(lines), lines...)
	}
	return fail(ErrOutput, fmt.Sprintf("%s (%v)", plain(lines), err), lines...)
}

// boundedBuffer takes the output of ffprobe, up to a size that no honest file needs.
type boundedBuffer struct{ bytes.Buffer }

const maxProbeOutput = 8 << 20

func (b *boundedBuffer) Write(p []byte) (int, error) {
	if b.Len()+len(p) > maxProbeOutput {
		return 0, fail(ErrLimit, "its description is larger than 8 MiB")
	}
	return b.Buffer.Write(p)
}
