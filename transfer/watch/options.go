package watch

import (
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"
)

// Options says what to watch. Only Root is required.
type Options struct {
	Root   string        // a local folder; it need not exist yet
	Stable time.Duration // without a change for this long, a file has settled; default 5 s

	// Ignore holds globs of names that are passed over silently, files and folders alike; nil means DefaultIgnore. A glob without a slash is
	// matched against the last element, one with a slash against the path from the root; letters match in either case.
	Ignore  []string
	MinSize int64 // bytes; a smaller file waits until it has grown

	// OnGrow is told once about each file that has been seen to grow for Grows, and again when another file takes its place. It is called from
	// Run's goroutine and must not block. nil: nobody is told. A file with one of the Temporary endings (".part") is followed although
	// Ignore passes it over, and never settles: it gets its name when it is finished.
	OnGrow    func(File)
	Grows     time.Duration // default 3 s
	Temporary []string

	Poll   time.Duration // how often the root is looked at, and read in full where there are no events; default 2 s
	Rescan time.Duration // how often it is read in full in spite of events; default 10 min, negative: never
	Retry  time.Duration // first pause before a refused file is offered again; doubles up to 64 times; default 1 s

	Now    func() time.Time // default time.Now
	Logger *slog.Logger     // default: discards

	// OnPass is told once about each path that will never settle, and why: a link, a pipe, a device, a folder that cannot be read.
	// OnAlarm is told when the root vanishes and when it is back. Both are called from Run's goroutine and must not block.
	OnPass  func(path, reason string)
	OnAlarm func(Alarm)
}

// DefaultIgnore returns the names that recorders, browsers and transfer tools give to what they have not finished, and the litter of
// operating systems. The caller owns the slice.
func DefaultIgnore() []string {
	return []string{
		".*", "~*", "*.part", "*.partial", "*.filepart", "*.crdownload", "*.download", "*.tmp", "*.temp", "*.swp", "*.gantry-*",
		"lost+found", "Thumbs.db", "desktop.ini", "$RECYCLE.BIN", "System Volume Information",
	}
}

func (o Options) complete() (Options, error) {
	if o.Root == "" {
		return o, errors.New("watch: no root given: name the folder to watch")
	}
	root, err := filepath.Abs(o.Root)
	if err != nil {
		return o, fmt.Errorf("watch: root %q: %w", o.Root, err)
	}
	o.Root = root
	if o.Stable < 0 || o.Poll < 0 || o.Retry < 0 || o.MinSize < 0 || o.Grows < 0 {
		return o, errors.New("watch: stable, poll, retry, minSize and grows must not be negative")
	}
	if o.Ignore == nil {
		o.Ignore = DefaultIgnore()
	}
	o.Stable = orDefault(o.Stable, 5*time.Second)
	o.Poll = orDefault(o.Poll, 2*time.Second)
	o.Grows = orDefault(o.Grows, 3*time.Second)
	o.Rescan = orDefault(o.Rescan, 10*time.Minute)
	o.Retry = orDefault(o.Retry, time.Second)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.OnPass == nil {
		o.OnPass = func(string, string) {}
	}
	if o.OnAlarm == nil {
		o.OnAlarm = func(Alarm) {}
	}
	return o, nil
}

func orDefault(d, value time.Duration) time.Duration {
	if d == 0 {
		return value
	}
	return d
}
