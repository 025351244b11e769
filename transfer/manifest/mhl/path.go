package mhl

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"unicode/utf8"
)

// maxPath is longer than what any file system takes, in bytes.
const maxPath = 4096

// checkPath refuses paths that leave the root, and those that XML cannot hold.
func checkPath(path string) error {
	if len(path) > maxPath {
		return fmt.Errorf("path %.40q… has %d bytes: no file system takes more than %d", path, len(path), maxPath)
	}
	if path == "." || !fs.ValidPath(path) {
		if !utf8.ValidString(path) {
			return fmt.Errorf("path %q cannot be named in a manifest: it is not UTF-8; rename the file", path)
		}
		return fmt.Errorf("path %q is not relative to the root, clean and separated by slashes", path)
	}
	return checkText("path", path)
}

// checkText refuses characters that XML 1.0 has no way to write.
func checkText(what, s string) error {
	if !utf8.ValidString(s) {
		return fmt.Errorf("%s %q is not UTF-8", what, s)
	}
	for _, r := range s {
		if r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF {
			return fmt.Errorf("%s %q cannot be written in XML: it holds %U; rename it", what, s, r)
		}
	}
	return nil
}

// ignoredByDefault says whether the standard keeps the path out of every manifest.
func ignoredByDefault(path string) bool {
	return slices.ContainsFunc(strings.Split(path, "/"), func(element string) bool {
		return element == ".DS_Store" || element == "ascmhl"
	})
}

// CheckPath refuses a path that a manifest cannot hold, or that leaves the root. The error says why.
func CheckPath(path string) error { return checkPath(path) }
