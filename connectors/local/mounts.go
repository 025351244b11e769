package local

import (
	"maps"
	"slices"
	"strings"
)

// A mount is one mounted file system, as the kernel lists it.
type mount struct {
	device string // major:minor
	point  string // absolute path
	kind   string // "ext4", "nfs4"
	auto   bool   // made by the kernel on access, and dropped when nobody uses it
}

// sameAs tells whether two mounts on one path are the same file system. The device
// numbers of network file systems change with every mount.
func (m mount) sameAs(o mount) bool {
	return m.point == o.point && m.kind == o.kind && (m.device == o.device || m.network())
}

func (m mount) network() bool {
	return strings.HasPrefix(m.kind, "nfs") || strings.HasPrefix(m.kind, "cifs") || strings.HasPrefix(m.kind, "smb") || m.kind == "afs"
}

// around gives the mounts that a path lies in, the outermost first.
func around(list []mount, path string) (chain []mount) {
	for _, m := range list {
		if m.point == path || m.point == "/" || strings.HasPrefix(path, m.point+"/") {
			chain = append(chain, m)
		}
	}
	return chain
}

// below gives the mounts on folders inside of a folder, by path.
func below(list []mount, dir string) map[string]mount {
	inside := map[string]mount{}
	for _, m := range list {
		if !strings.HasPrefix(m.point, strings.TrimSuffix(dir, "/")+"/") || m.kind == "autofs" {
			continue
		}
		if chain := around(list, m.point); len(chain) > 1 {
			outer := chain[len(chain)-2]
			m.auto = outer.kind == "autofs" || m.network() && outer.network()
		}
		inside[m.point] = m
	}
	return inside
}

// A verdict is what has become of the root since it was seen.
type verdict int

const (
	rootSame      verdict = iota // the same volume
	rootAppeared                 // a volume was mounted over it
	rootLost                     // its volume was unmounted
	rootExchanged                // another volume is in its place
)

// judge compares what a root lay in with what it lies in now.
func judge(was, now []mount) verdict {
	common := 0
	for common < min(len(was), len(now)) && was[common].sameAs(now[common]) {
		common++
	}
	switch {
	case common == len(was) && common == len(now):
		return rootSame
	case common == len(was):
		return rootAppeared
	case common == len(now):
		return rootLost
	default:
		return rootExchanged
	}
}

// compare tells which volumes below a folder have gone or been exchanged, and
// which have come. Those that the kernel mounts by itself may come unremarked.
func compare(was, now map[string]mount) (gone, come []string) {
	for point, m := range was {
		if there, ok := now[point]; !m.auto && (!ok || !m.sameAs(there)) {
			gone = append(gone, point)
		}
	}
	for point := range maps.Keys(now) {
		if _, ok := was[point]; !ok && !now[point].auto {
			come = append(come, point)
		}
	}
	slices.Sort(gone)
	slices.Sort(come)
	return gone, come
}
