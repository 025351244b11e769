package watch

import (
	"errors"
	"io"
	"io/fs"
	"os"
)

// scanBatch is how many entries of a folder are held at a time.
const scanBatch = 1024

// scanAll reads the whole tree. Only a scan that saw everything, of the root that it began with, lets go of what it did not see.
func (l *loop) scanAll() {
	before := l.passed
	l.passed = make(map[string]string, len(before))
	l.with((*tracker).beginScan)
	entire := l.scanTree(".", before)
	if entire && l.away == nil && lookAtRoot(l.o.Root, l.root).id == l.root {
		l.with((*tracker).endScan)
	} else {
		for path, reason := range before {
			l.passed[path] = reason
		}
	}
}

// scanTree watches and reads top and all folders below it; false says that something could not be read. A folder is watched before it is
// read, so that no file slips in between. Reasons in told are not told again.
func (l *loop) scanTree(top string, told map[string]string) (entire bool) {
	entire = true
	for stack := []string{top}; len(stack) > 0; {
		dir := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if l.ctx.Err() != nil {
			return false
		}
		l.addWatch(dir)
		folders, err := l.scanFolder(dir, told)
		if err != nil && !(isGone(err) && dir != ".") {
			entire = false
			l.repass(dir, "cannot be read: "+err.Error(), told)
		}
		stack = append(stack, folders...)
	}
	return entire
}

// scanFolder takes in the files of one folder and returns the folders in it.
func (l *loop) scanFolder(dir string, told map[string]string) (folders []string, err error) {
	f, err := openFolder(l.full(dir))
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	for {
		entries, err := f.ReadDir(scanBatch)
		for _, e := range entries {
			path := child(dir, e.Name())
			switch {
			case l.ignore.match(path):
			case e.IsDir():
				folders = append(folders, path)
			case e.Type().IsRegular():
				l.look(path, e)
			default:
				l.repass(path, kindOf(e.Type()), told)
			}
		}
		if errors.Is(err, io.EOF) {
			return folders, nil
		}
		if err != nil {
			return folders, err
		}
	}
}

// look takes in one regular file. One that has just gone is left to the end of the scan, or to its event.
func (l *loop) look(path string, e fs.DirEntry) {
	info, err := e.Info()
	if err != nil || !info.Mode().IsRegular() {
		return
	}
	now := l.o.Now()
	l.with(func(t *tracker) { t.observe(path, seen(info), now) })
}

func (l *loop) repass(path, reason string, told map[string]string) {
	if told[path] == reason {
		l.passed[path] = reason
		return
	}
	l.pass(path, reason)
}

// lstat looks at a path without following a link.
func (l *loop) lstat(path string) (fs.FileInfo, error) { return os.Lstat(l.full(path)) }
