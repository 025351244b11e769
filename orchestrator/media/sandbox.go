package media

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// The levels of a [Sandbox], best first.
const (
	LevelBubblewrap = "bubblewrap" // own namespaces: no network, one input, one output folder; and resource limits
	LevelRlimits    = "rlimits"    // resource limits only
	LevelNone       = "none"       // process group and time-outs only
)

// Sandbox says how ffmpeg and ffprobe are confined.
type Sandbox struct {
	Level  string
	Reason string // why it is not a better level, with the remedy
	bwrap  string
	limit  string // util-linux prlimit
}

// Limits bound one process. A zero leaves the system's own limit.
type Limits struct {
	CPU      time.Duration // of processor time
	Memory   int64         // bytes of address space
	FileSize int64         // bytes of any one file that it writes
}

const (
	sandboxInput  = "/in/source" // where the input is seen from inside
	sandboxOutput = "/out"
	// maxProcesses stops a fork bomb. Linux counts all threads of the user against it, so it is not tight.
	maxProcesses = 4096
)

var probeLimits = Limits{CPU: time.Minute, Memory: 3 << 30, FileSize: 1 << 20}

func findSandbox(ctx context.Context, trial string, folders []string) Sandbox {
	s := Sandbox{Level: LevelNone, Reason: "prlimit is not installed: apt-get install util-linux"}
	limit, err := look("prlimit", folders)
	if err != nil {
		return s
	}
	s.limit, s.Level, s.Reason = limit, LevelRlimits, "bubblewrap is not installed: apt-get install bubblewrap"
	bwrap, err := look("bwrap", folders)
	if err != nil {
		return s
	}
	better := Sandbox{Level: LevelBubblewrap, bwrap: bwrap, limit: limit}
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	argv := better.argv(call{tool: trial, args: func(string) []string { return []string{"-version"} }, limits: probeLimits})
	if out, err := exec.CommandContext(ctx, argv[0], argv[1:]...).CombinedOutput(); err != nil {
		line, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
		s.Reason = fmt.Sprintf("bubblewrap does not work here (%v: %s): allow unprivileged user namespaces", err, line)
		return s
	}
	return better
}

// argv is the whole command line of a call, from the outermost wrapper inwards.
func (s Sandbox) argv(c call) []string {
	var argv []string
	if s.limit != "" {
		argv = append(argv, s.limit)
		argv = append(argv, c.limits.flags()...)
		argv = append(argv, "--")
	}
	if s.bwrap == "" {
		argv = append(argv, c.tool)
		return append(argv, c.args(c.mount)...)
	}
	argv = append(argv, s.bwrap, "--unshare-all", "--die-with-parent", "--cap-drop", "ALL", "--dev", "/dev", "--tmpfs", "/tmp")
	for _, system := range []string{"/usr", "/lib", "/lib64", "/bin", "/etc/alternatives", "/etc/ld.so.cache", filepath.Dir(c.tool)} {
		argv = append(argv, "--ro-bind-try", system, system)
	}
	if c.mount != "" {
		argv = append(argv, "--ro-bind", c.mount, sandboxInput)
	}
	if c.outDir != "" {
		argv = append(argv, "--bind", c.outDir, sandboxOutput, "--chdir", sandboxOutput)
	}
	argv = append(argv, "--remount-ro", "/", "--", c.tool)
	return append(argv, c.args(sandboxInput)...)
}

func (l Limits) flags() []string {
	flags := []string{"--core=0", "--nofile=1024", fmt.Sprintf("--nproc=%d", maxProcesses)}
	if s := int64(l.CPU / time.Second); s > 0 {
		flags = append(flags, fmt.Sprintf("--cpu=%d", s)) // soft and hard alike: ffmpeg takes SIGXCPU for a wish to end in peace
	}
	if l.Memory > 0 {
		flags = append(flags, "--as="+strconv.FormatInt(l.Memory, 10))
	}
	if l.FileSize > 0 {
		flags = append(flags, "--fsize="+strconv.FormatInt(l.FileSize, 10))
	}
	return flags
}
