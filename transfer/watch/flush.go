package watch

import "github.com/fsnotify/fsnotify"

// flush looks at each path that events have named. It goes by what is there now, not by what the events say of it.
func (l *loop) flush() {
	if l.pump == nil {
		return
	}
	dirty, lost := l.pump.take()
	if lost != nil {
		l.o.Logger.Warn("events were lost, reading the whole folder", "root", l.o.Root, "error", lost)
		l.open()
		return
	}
	if !l.here() {
		return
	}
	moved := l.unwatchMoved(dirty)
	gone := map[string]struct{}{}
	for name, op := range dirty {
		path := l.relative(name)
		if path == "." || l.ignore.match(path) {
			continue
		}
		if l.reconcile(path, op) {
			continue
		}
		delete(l.passed, path)
		if _, ok := moved[path]; ok {
			gone[path] = struct{}{}
		}
	}
	if len(gone) > 0 {
		l.with(func(t *tracker) { t.forgetBelow(gone) })
	}
}

// unwatchMoved takes the watches from folders that went, and from all below them: a watch keeps the name that it was set
// under, and would tell of the folder's new place by the old one. It returns the folders.
func (l *loop) unwatchMoved(dirty map[string]fsnotify.Op) map[string]struct{} {
	moved := map[string]struct{}{}
	for name, op := range dirty {
		path := l.relative(name)
		if _, ok := l.watched[path]; ok && path != "." && op&^fsnotify.Write != 0 {
			moved[path] = struct{}{}
		}
	}
	if len(moved) == 0 {
		return moved
	}
	for dir := range l.watched {
		if _, ok := moved[dir]; ok || isBelow(dir, moved) {
			// The kernel has often taken it away already.
			_ = l.notify.Remove(l.full(dir))
			delete(l.watched, dir)
		}
	}
	return moved
}

// reconcile brings what is known of path in line with the disk; false says that nothing is there.
func (l *loop) reconcile(path string, op fsnotify.Op) bool {
	info, err := l.lstat(path)
	now := l.o.Now()
	switch {
	case isGone(err):
		l.with(func(t *tracker) { t.forget(path) })
		return false
	case err != nil:
		l.pass(path, "cannot be read: "+err.Error())
	case info.IsDir():
		if _, ok := l.watched[path]; !ok {
			l.scanTree(path, l.passed)
		}
	case info.Mode().IsRegular():
		l.with(func(t *tracker) {
			t.observe(path, seen(info), now)
			if op.Has(fsnotify.Write) {
				t.touch(path, now)
			}
		})
	default:
		l.pass(path, kindOf(info.Mode()))
	}
	return true
}
