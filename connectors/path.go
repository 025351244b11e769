package connectors

import (
	"errors"
	"path"
	"strings"
)

// CleanPath checks a path that comes from outside (a listing, a document, a
// person) and returns its canonical form. It refuses what could leave the root
// or cannot be a file's name: absolute paths, ".." and "." elements, empty
// elements, NUL, and look-alikes of the dots and the slash in full width.
func CleanPath(p string) (string, error) {
	if err := checkPath(p); err != nil {
		return "", &Error{
			Kind: KindInvalid, Op: "use path", Path: p, Err: err,
			Remedy: "name a file below the location's root, with single slashes and without dots as elements",
		}
	}
	return p, nil
}

func checkPath(p string) error {
	switch {
	case p == "":
		return errors.New("the path is empty")
	case strings.ContainsRune(p, 0):
		return errors.New("the path contains NUL")
	case strings.HasPrefix(p, "/"):
		return errors.New("the path is absolute")
	case len(p) > 4096:
		return errors.New("the path is longer than 4,096 bytes")
	case path.Clean(p) != p:
		return errors.New("the path is not in its shortest form")
	}
	for element := range strings.SplitSeq(p, "/") {
		folded := element
		if !ascii(element) {
			folded = foldDots.Replace(element)
		}
		switch {
		case folded == ".." || folded == ".":
			return errors.New("the path has a dot element")
		case strings.Contains(folded, "/"):
			return errors.New("the path has a look-alike of a slash")
		}
	}
	return nil
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

var foldDots = strings.NewReplacer("．", ".", "․", ".", "‥", "..", "／", "/", "⁄", "/", "∕", "/")
