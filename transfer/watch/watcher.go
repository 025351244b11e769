package watch

import (
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// Watcher watches one root. Its methods may be called at once from many goroutines, but only one Run at a time.
type Watcher struct {
	o       Options
	ignore  ignorer
	running atomic.Bool

	newNotifier   func() (notifier, error)
	withoutEvents func(root string) string
	hasWriter     func(path string) bool

	mu      sync.Mutex // guards what follows
	tracker *tracker
	mode    string
}

// New checks the options. It does not touch the disk: a root that does not exist yet is an alarm of Run.
func New(o Options) (*Watcher, error) {
	o, err := o.complete()
	if err != nil {
		return nil, err
	}
	ignore, err := newIgnorer(o.Ignore)
	if err != nil {
		return nil, err
	}
	ignore.temporary = o.Temporary
	return &Watcher{
		o: o, ignore: ignore, mode: "not running",
		newNotifier: newKernelNotifier, withoutEvents: withoutEvents, hasWriter: hasWriter,
		tracker: newTracker(rules{o.Stable, o.MinSize, o.Retry, o.Grows}),
	}, nil
}

// Growing returns the files that were seen and have not settled, in the order of their paths. Each says what it waits for.
func (w *Watcher) Growing() []File {
	w.mu.Lock()
	files := make([]File, 0, len(w.tracker.growing))
	for path, e := range w.tracker.growing {
		files = append(files, e.file(path))
	}
	w.mu.Unlock()
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	return files
}

// Mode says how changes are learned of: "events", "polling (degraded): reason", "away: reason" while the root cannot be read, or "not running".
func (w *Watcher) Mode() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.mode
}

func (w *Watcher) setMode(mode string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.mode = mode
}

// with runs f with the tracker to itself.
func (w *Watcher) with(f func(t *tracker)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f(w.tracker)
}

// full returns where a relative path lies; "." stands for the root, which alone may be a symbolic link.
func (w *Watcher) full(rel string) string {
	return w.o.Root + string(filepath.Separator) + filepath.FromSlash(rel)
}

// relative is the reverse of full for the names in events.
func (w *Watcher) relative(name string) string {
	rel := strings.TrimLeft(filepath.ToSlash(strings.TrimPrefix(name, w.o.Root)), "/")
	if rel == "" {
		return "."
	}
	return rel
}

func child(dir, name string) string {
	if dir == "." {
		return name
	}
	return dir + "/" + name
}
