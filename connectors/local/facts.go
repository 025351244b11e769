package local

import (
	"errors"
	"io"
	"os"
	"sync"
	"time"

	"gantry/connectors"
	"gantry/connectors/local/fskind"
)

// facts are what has been found out about the file system under the root: its kind
// at first sight, and how it treats names and times when something is written.
type facts struct {
	mu        sync.Mutex
	seen      bool
	tried     bool // something was written, so that there is no more to learn
	kind      fskind.Kind
	folds     folds
	precision time.Duration
}

// get gives a copy.
func (f *facts) get() (kind fskind.Kind, names folds, precision time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.kind, f.folds, f.precision
}

func (f *facts) state() (seen, tried bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.seen, f.tried
}

// see looks without writing, and tells whether only writing would teach more, in a
// folder where that disturbs nobody: an empty one on a file system that can be
// anything.
func (f *facts) see(path string, root *os.Root) (worthTrying bool) {
	kind := fskind.Of(path)
	names := folds{Case: kind.FoldsCase}
	empty := false
	if d, err := root.Open("."); err == nil {
		if foldsByFlag(d) {
			names = folds{Case: true, Unicode: true}
		}
		list, err := d.Readdirnames(foldSample)
		empty = errors.Is(err, io.EOF)
		names = names.or(probe(root, list))
		_ = d.Close()
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seen, f.kind, f.folds = true, kind, f.folds.or(names)
	if f.precision == 0 {
		f.precision = kind.TimePrecision
	}
	return empty && kind.TimePrecision == 0 && !f.tried
}

// learn tries names and times once, on a file in the staging folder that is gone
// afterwards. What fails teaches nothing.
func (f *facts) learn(path string, root *os.Root, name string) {
	f.mu.Lock()
	seen, tried := f.seen, f.tried
	f.tried = true
	f.mu.Unlock()
	if tried {
		return
	}
	if !seen {
		f.see(path, root)
	}
	names, precision, ok := try(root, name)
	if !ok {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.folds = f.folds.or(names)
	f.precision = precision
}

// try makes a file with a name that has another case and another Unicode form.
func try(root *os.Root, name string) (names folds, precision time.Duration, ok bool) {
	name += "-\u00e9"
	f, err := root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return folds{}, 0, false
	}
	defer func() {
		_ = f.Close()
		_ = root.Remove(name)
	}()
	names = folds{Case: exists(root, otherCase(name)), Unicode: exists(root, otherForm(name))}
	return names, keptPrecision(f), true
}

// keptPrecision sets a time and looks at what became of it.
func keptPrecision(f *os.File) time.Duration {
	want := time.Unix(1_000_000_001, 987_654_321)
	if err := setTime(f, want); err != nil {
		return 0
	}
	info, err := f.Stat()
	if err != nil {
		return 0
	}
	off := want.Sub(info.ModTime()).Abs()
	for _, step := range []time.Duration{1, 100, time.Microsecond, time.Millisecond, 10 * time.Millisecond, time.Second, 2 * time.Second} {
		if off < step {
			return step
		}
	}
	return 0 // it keeps other times than it is told
}

// Traits implements connectors.Place.
func (p *place) Traits() connectors.Traits {
	kind, names, precision := p.facts.get()
	if _, tried := p.facts.state(); !tried && precision == 0 {
		precision = 2 * time.Second // the worst that there is, until something was written
	}
	return connectors.Traits{
		AtomicCommit: true, MaxSize: kind.MaxSize, TimePrecision: precision, FoldsCase: names.Case, FoldsUnicode: names.Unicode,
	}
}
