package strangefs

import (
	"maps"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
	"golang.org/x/text/unicode/norm"
)

// Behaviour is how strange the file system is.
type Behaviour struct {
	FoldCase    bool
	FoldUnicode bool
	Step        time.Duration // of modification times; 0 = nanoseconds
	Forbidden   string        // characters that names may not have
	Files       int           // how many nodes there may be; 0 = no limit
	CopiesNone  bool          // answers to copy_file_range that it has copied 0 bytes
}

type node struct {
	id       uint64
	mode     uint32
	links    uint32
	data     []byte
	children map[string]*child // by folded name; nil for files
	mtime    time.Time
	ctime    time.Time
}

// A child keeps the spelling that it was made with.
type child struct {
	name string
	node *node
}

type tree struct {
	Behaviour
	nodes map[uint64]*node // also those that have no name any more: they may be open
	last  uint64
	live  int
}

func newTree(b Behaviour) *tree {
	t := &tree{Behaviour: b, nodes: map[uint64]*node{}}
	t.make(unix.S_IFDIR | 0o755)
	return t
}

func (t *tree) make(mode uint32) *node {
	t.last++
	n := &node{id: t.last, mode: mode, links: 1}
	if mode&unix.S_IFMT == unix.S_IFDIR {
		n.children = map[string]*child{}
	}
	t.nodes[n.id] = n
	t.live++
	t.touch(n)
	return n
}

func (t *tree) touch(n *node) {
	n.ctime = time.Now()
	n.mtime = t.kept(n.ctime)
}

func (t *tree) kept(when time.Time) time.Time {
	if t.Step == 0 {
		return when
	}
	return when.Truncate(t.Step)
}

func (t *tree) fold(name string) string {
	if t.FoldUnicode {
		name = norm.NFC.String(name)
	}
	if t.FoldCase {
		name = strings.ToUpper(name)
	}
	return name
}

func (t *tree) find(dir *node, name string) (*node, unix.Errno) {
	if c, ok := dir.children[t.fold(name)]; ok {
		return c.node, 0
	}
	return nil, unix.ENOENT
}

func (t *tree) add(dir *node, name string, mode uint32) (*node, unix.Errno) {
	if strings.ContainsAny(name, t.Forbidden) {
		return nil, unix.EINVAL
	}
	if t.Files > 0 && t.live >= t.Files {
		return nil, unix.ENOSPC
	}
	if _, errno := t.find(dir, name); errno == 0 {
		return nil, unix.EEXIST
	}
	n := t.make(mode)
	dir.children[t.fold(name)] = &child{name, n}
	return n, 0
}

func (t *tree) remove(dir *node, name string) unix.Errno {
	n, errno := t.find(dir, name)
	if errno != 0 {
		return errno
	}
	if len(n.children) > 0 {
		return unix.ENOTEMPTY
	}
	delete(dir.children, t.fold(name))
	t.unlink(n)
	return 0
}

func (t *tree) unlink(n *node) {
	if n.links--; n.links == 0 {
		t.live--
	}
}

const noReplace = 1

func (t *tree) rename(from *node, old string, to *node, name string, flags uint32) unix.Errno {
	n, errno := t.find(from, old)
	if errno != 0 {
		return errno
	}
	if strings.ContainsAny(name, t.Forbidden) {
		return unix.EINVAL
	}
	spelled := name
	if there, ok := to.children[t.fold(name)]; ok && there.node != n {
		if flags&noReplace != 0 {
			return unix.EEXIST
		}
		if there.node.children != nil {
			return unix.EISDIR
		}
		spelled = there.name // the name stays as it is spelled
		t.unlink(there.node)
	}
	delete(from.children, t.fold(old))
	to.children[t.fold(name)] = &child{spelled, n}
	n.ctime = time.Now()
	return 0
}

func (n *node) write(at uint64, data []byte) {
	if end := int(at) + len(data); end > len(n.data) {
		n.data = append(n.data, make([]byte, end-len(n.data))...)
	}
	copy(n.data[at:], data)
}

func (n *node) read(at uint64, size uint32) []byte {
	if at >= uint64(len(n.data)) {
		return nil
	}
	return n.data[at:min(uint64(len(n.data)), at+uint64(size))]
}

func (n *node) truncate(size uint64) {
	n.data = append(n.data, make([]byte, max(0, int(size)-len(n.data)))...)[:size]
}

// list packs the children after the first skip of them, as many as fit.
func (n *node) list(skip uint64, room uint32) (out []byte) {
	keys := slices.Sorted(maps.Keys(n.children))
	for i := int(skip); i < len(keys); i++ {
		c := n.children[keys[i]]
		padded := (len(c.name) + 7) / 8 * 8
		if len(out)+24+padded > int(room) {
			break
		}
		out = append(out, pack(c.node.id, uint64(i+1), uint32(len(c.name)), c.node.mode>>12, []byte(c.name), make([]byte, padded-len(c.name)))...)
	}
	return out
}
