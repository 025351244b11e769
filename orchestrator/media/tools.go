package media

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// Tools runs ffmpeg and ffprobe. Make one with [Find]; its fields may be changed before the first use.
type Tools struct {
	FFmpeg  string // absolute path
	FFprobe string // absolute path
	Sandbox Sandbox
	Threads int           // that one ffmpeg may use for decoding, filtering and each encoder
	Stall   time.Duration // a run that makes no progress for so long is ended
	Now     func() time.Time
}

// Versions is what `doctor` wants to know.
type Versions struct {
	FFmpeg  string `json:"ffmpeg"`
	FFprobe string `json:"ffprobe"`
	Sandbox string `json:"sandbox"`          // see [Sandbox]
	Reason  string `json:"reason,omitempty"` // why the sandbox is not a better one
}

// Find locates ffmpeg and ffprobe, in the given folders first and then in $PATH, and finds out by a trial run
// which sandbox works. Its error says how to install what is missing.
func Find(ctx context.Context, folders ...string) (*Tools, error) {
	t := &Tools{Threads: min(runtime.NumCPU(), 8), Stall: 2 * time.Minute, Now: time.Now}
	for name, path := range map[string]*string{"ffmpeg": &t.FFmpeg, "ffprobe": &t.FFprobe} {
		found, err := look(name, folders)
		if err != nil {
			return nil, fail(ErrTool, name+" is not installed: apt-get install ffmpeg")
		}
		*path = found
	}
	t.Sandbox = findSandbox(ctx, t.FFprobe, folders)
	if _, err := t.Version(ctx); err != nil {
		return nil, err
	}
	return t, nil
}

func look(name string, folders []string) (string, error) {
	for _, dir := range folders {
		path := filepath.Join(dir, name)
		if st, err := os.Stat(path); err == nil && st.Mode().IsRegular() && st.Mode()&0o111 != 0 {
			return filepath.Abs(path)
		}
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return "", err
	}
	return filepath.Abs(path)
}

// Version asks the tools for their versions, from inside the sandbox.
func (t *Tools) Version(ctx context.Context) (Versions, error) {
	v := Versions{Sandbox: t.Sandbox.Level, Reason: t.Sandbox.Reason}
	for tool, version := range map[string]*string{t.FFmpeg: &v.FFmpeg, t.FFprobe: &v.FFprobe} {
		var out boundedBuffer
		err := t.run(ctx, call{
			tool: tool, args: func(string) []string { return []string{"-version"} },
			stdout: &out, limits: probeLimits, timeout: 20 * time.Second,
		})
		if err != nil {
			return v, fmt.Errorf("%s -version: %w", tool, err)
		}
		line, _, _ := strings.Cut(out.String(), "\n")
		if words := strings.Fields(line); len(words) > 2 && words[1] == "version" {
			*version = words[2]
		}
	}
	return v, nil
}
