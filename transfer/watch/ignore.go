package watch

import (
	"fmt"
	"path"
	"strings"

	"gantry/connectors/promise"
)

// ignorer decides which names are passed over.
type ignorer struct {
	names []string // matched against the last element
	paths []string // matched against the whole relative path

	temporary []string // endings of names that are not passed over, whatever the globs say
}

func newIgnorer(globs []string) (ignorer, error) {
	var i ignorer
	for _, g := range globs {
		if _, err := path.Match(g, ""); err != nil || g == "" {
			return i, fmt.Errorf("watch: ignore pattern %q is not a glob: use *, ? and [a-z]", g)
		}
		g = lowerASCII(g)
		if strings.Contains(g, "/") {
			i.paths = append(i.paths, strings.TrimPrefix(g, "/"))
		} else {
			i.names = append(i.names, g)
		}
	}
	return i, nil
}

// match says whether the entry at rel is passed over. Its parents have been asked before.
func (i ignorer) match(rel string) bool {
	folded := lowerASCII(rel)
	if i.isTemporary(rel) {
		return false
	}
	return matchAny(i.names, path.Base(folded)) || matchAny(i.paths, folded) || promise.IsMark(rel)
}

// isTemporary says whether the entry gets another name when it is finished.
func (i ignorer) isTemporary(rel string) bool {
	for _, ending := range i.temporary {
		if name := path.Base(rel); strings.HasSuffix(name, ending) && name != ending {
			return true
		}
	}
	return false
}

func matchAny(globs []string, name string) bool {
	for _, g := range globs {
		if ok, err := path.Match(g, name); ok && err == nil {
			return true
		}
	}
	return false
}

// lowerASCII leaves every byte above 127 alone: strings.ToLower would replace those that are not UTF-8.
func lowerASCII(s string) string {
	for n := range len(s) {
		if c := s[n]; 'A' <= c && c <= 'Z' {
			b := []byte(s)
			for ; n < len(b); n++ {
				if c := b[n]; 'A' <= c && c <= 'Z' {
					b[n] = c + 'a' - 'A'
				}
			}
			return string(b)
		}
	}
	return s
}
