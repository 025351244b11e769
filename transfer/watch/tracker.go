package watch

import (
	"strings"
	"time"
)

// version is what tells two states of one path apart.
type version struct {
	size  int64
	mtime int64 // nanoseconds; only ever compared for equality
	inode uint64
}

// sighting is what one look at a regular file gave.
type sighting struct {
	size    int64
	modTime time.Time
	inode   uint64
}

func (s sighting) version() version {
	return version{s.size, s.modTime.UnixNano(), s.inode}
}

// tracker is the pure core: which paths are known, and which of them are due. It takes observations with their time, and does nothing by itself.
// It is not safe for concurrent use.
type tracker struct {
	rules   rules
	growing map[string]*entry
	settled map[string]mark
	grown   []string // that have been seen to grow for long enough, and were not told
	due     dueQueue
	round   uint32 // the scan under way; what an entire scan has not marked is gone
}

// rules are the numbers of the settle rule.
type rules struct {
	stable  time.Duration
	minSize int64
	retry   time.Duration
	grows   time.Duration
}

// entry is a file that has not settled.
type entry struct {
	sighting
	firstSeen time.Time
	changed   time.Time
	notBefore time.Time // a refused or held file rests until then
	refusals  int
	waits     string
	offered   bool
	began     time.Time // when this file was seen first
	growth    int       // how often it was seen longer than before
	told      bool      // that it grows
	queued    time.Time // when the queue looks at it; zero if it is not queued
	round     uint32
}

// mark is what is kept of a file that has settled: enough to see that it changes again.
type mark struct {
	version
	round uint32
}

func newTracker(r rules) *tracker {
	return &tracker{rules: r, growing: map[string]*entry{}, settled: map[string]mark{}}
}

// observe takes in what a look at path gave. The same version again changes nothing.
func (t *tracker) observe(path string, s sighting, now time.Time) {
	if e, ok := t.growing[path]; ok {
		e.round = t.round
		if e.version() != s.version() {
			t.change(path, e, s, now)
		}
		return
	}
	if m, ok := t.settled[path]; ok {
		if m.version == s.version() {
			t.settled[path] = mark{m.version, t.round}
			return
		}
		delete(t.settled, path)
	}
	e := &entry{firstSeen: now, began: now, round: t.round}
	t.growing[path] = e
	t.change(path, e, s, now)
}

func (t *tracker) change(path string, e *entry, s sighting, now time.Time) {
	t.notice(path, e, s, now)
	e.sighting, e.changed, e.notBefore = s, now, time.Time{}
	e.refusals, e.waits, e.offered = 0, "", false
	t.enqueue(path, e)
}

// notice finds out whether a file grows: it is longer than before, again and again.
func (t *tracker) notice(path string, e *entry, s sighting, now time.Time) {
	switch {
	case e.changed.IsZero():
		return
	case s.inode != e.inode || s.size < e.size:
		e.growth, e.told, e.began = 0, false, now
	case s.size > e.size:
		e.growth++
		if e.growth >= 2 && !e.told && now.Sub(e.began) >= t.rules.grows {
			e.told = true
			t.grown = append(t.grown, path)
		}
	}
}

// takeGrown gives the files that grow and were not told yet.
func (t *tracker) takeGrown() (files []File) {
	for _, path := range t.grown {
		if e, ok := t.growing[path]; ok {
			files = append(files, e.file(path))
		}
	}
	t.grown = nil
	return files
}

// enqueue keeps one live item a path in the queue, the earliest. A later time is found out when that one comes up.
func (t *tracker) enqueue(path string, e *entry) {
	if at := t.ripeAt(e); e.queued.IsZero() || at.Before(e.queued) {
		e.queued = at
		t.due.push(path, at)
	}
}

// touch takes in that path was written to, though a look may show the same size and time.
func (t *tracker) touch(path string, now time.Time) {
	if e, ok := t.growing[path]; ok && !e.offered {
		e.changed = now
	}
}

// ripe returns the paths whose time has come, oldest first. Each is returned once: look at it again, then call offer or hold.
func (t *tracker) ripe(now time.Time) []string {
	var paths []string
	for {
		item, ok := t.due.pop(now)
		if !ok {
			return paths
		}
		e, ok := t.growing[item.path]
		if !ok || !e.queued.Equal(item.at) {
			continue
		}
		e.queued = time.Time{}
		switch {
		case e.offered:
		case t.ripeAt(e).After(now):
			t.enqueue(item.path, e)
		case e.size < t.rules.minSize:
			e.waits = "smaller than the minimum size"
		default:
			paths = append(paths, item.path)
		}
	}
}

// wake returns when ripe has something to look at, and false if nothing is waiting.
func (t *tracker) wake() (time.Time, bool) { return t.due.next() }

// offer marks path as offered, if its time has come and it is as it was last observed.
func (t *tracker) offer(path string, now time.Time) (File, bool) {
	e, ok := t.growing[path]
	if !ok || e.offered || t.ripeAt(e).After(now) || e.size < t.rules.minSize {
		return File{}, false
	}
	e.offered, e.waits = true, "offered"
	f := e.file(path)
	f.Waits = ""
	return f, true
}

// hold lets path rest a little longer, and says why.
func (t *tracker) hold(path, reason string, now time.Time) {
	if e, ok := t.growing[path]; ok {
		e.waits, e.notBefore = reason, now.Add(min(t.rules.stable, time.Second))
		t.enqueue(path, e)
	}
}

// putBack makes ripe return path once more. It was not offered.
func (t *tracker) putBack(path string) {
	if e, ok := t.growing[path]; ok && !e.offered {
		t.enqueue(path, e)
	}
}

// accept takes in that the offered version was taken. A version that came up meanwhile goes on growing.
func (t *tracker) accept(f File) {
	v := sighting{f.Size, f.ModTime, f.Inode}.version()
	if e, ok := t.growing[f.Path]; ok && e.offered && e.version() == v {
		delete(t.growing, f.Path)
		t.settled[f.Path] = mark{v, e.round}
	}
}

// refuse takes in that the offered version was not taken, and puts it back with a pause that doubles each time.
func (t *tracker) refuse(f File, reason string, now time.Time) {
	v := sighting{f.Size, f.ModTime, f.Inode}.version()
	if e, ok := t.growing[f.Path]; ok && e.offered && e.version() == v {
		e.offered, e.waits = false, "refused: "+reason
		e.notBefore = now.Add(t.rules.retry << min(e.refusals, 6))
		e.refusals++
		t.enqueue(f.Path, e)
	}
}

// forget drops path.
func (t *tracker) forget(path string) {
	delete(t.growing, path)
	delete(t.settled, path)
}

// forgetBelow drops all that lies below any of the folders.
func (t *tracker) forgetBelow(folders map[string]struct{}) {
	for p := range t.growing {
		if isBelow(p, folders) {
			delete(t.growing, p)
		}
	}
	for p := range t.settled {
		if isBelow(p, folders) {
			delete(t.settled, p)
		}
	}
}

// beginScan starts a round; endScan drops what no observation has named since then. A scan that broke off is never ended.
func (t *tracker) beginScan() { t.round++ }

func (t *tracker) endScan() {
	for p, e := range t.growing {
		if e.round != t.round {
			delete(t.growing, p)
		}
	}
	for p, m := range t.settled {
		if m.round != t.round {
			delete(t.settled, p)
		}
	}
}

func (t *tracker) known() int { return len(t.growing) + len(t.settled) }

func (t *tracker) ripeAt(e *entry) time.Time {
	at := e.changed.Add(t.rules.stable)
	if e.notBefore.After(at) {
		return e.notBefore
	}
	return at
}

func (e *entry) file(path string) File {
	waits := e.waits
	if waits == "" {
		waits = "has to rest first"
	}
	return File{path, e.size, e.modTime, e.inode, e.firstSeen, e.changed, waits}
}

func isBelow(path string, folders map[string]struct{}) bool {
	for {
		cut := strings.LastIndexByte(path, '/')
		if cut < 0 {
			return false
		}
		path = path[:cut]
		if _, ok := folders[path]; ok {
			return true
		}
	}
}
