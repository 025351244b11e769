package local

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"gantry/connectors"
)

// volumes gives the paths of the volumes that are mounted below the root.
func (i *identity) volumes() []string {
	i.mu.Lock()
	defer i.mu.Unlock()
	return slices.Sorted(maps.Keys(i.inside))
}

// covers refuses a path inside of a volume below the root that is not there now.
func (i *identity) covers(op, path string) error {
	if path == "" {
		return nil
	}
	i.mu.Lock()
	none := len(i.inside) == 0
	i.mu.Unlock()
	if none {
		return nil
	}
	if gone, _ := i.changes(path, isAround); gone != "" {
		return &connectors.Error{
			Kind: connectors.KindUnavailable, Op: op, Path: path, Err: notMounted(gone),
			Remedy: "mount the volume again, or open the location anew if it has gone for good",
		}
	}
	return nil
}

// whole says whether all the volumes at, around and below prefix that were there
// when the place was opened are still mounted. A volume that has come makes one
// listing fail and is then expected.
func (i *identity) whole(prefix string) error {
	gone, come := i.changes(prefix, func(point, path string) bool { return isAround(point, path) || isAround(path, point) })
	switch {
	case gone != "":
		return &connectors.Error{
			Kind: connectors.KindIncomplete, Op: "list", Path: prefix, Err: notMounted(gone),
			Remedy: "mount the volume again, or open the location anew if it has gone for good",
		}
	case come != "":
		return &connectors.Error{
			Kind: connectors.KindIncomplete, Op: "list", Path: prefix,
			Err: fmt.Errorf("a volume was mounted on %s meanwhile, and hides what was there", come), Remedy: "list again",
		}
	}
	return nil
}

func notMounted(point string) error {
	return fmt.Errorf("what %s holds is missing: its volume is not mounted any more, or another one is", point)
}

// isAround tells whether path lies at or below point.
func isAround(point, path string) bool {
	return point == path || strings.HasPrefix(path, strings.TrimSuffix(point, "/")+"/")
}

// changes compares the volumes below the root that concern a path with those that
// were there, and learns those that have come.
func (i *identity) changes(path string, concerns func(point, path string) bool) (gone, come string) {
	real, list := i.look()
	under, now := filepath.Join(real, filepath.FromSlash(path)), below(list, real)
	i.mu.Lock()
	defer i.mu.Unlock()
	was := maps.Clone(i.inside)
	others := func(point string, _ mount) bool { return !concerns(point, under) }
	maps.DeleteFunc(was, others)
	maps.DeleteFunc(now, others)
	lost, found := compare(was, now)
	for _, point := range found {
		i.inside[point] = now[point]
	}
	return first(lost), first(found)
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}
