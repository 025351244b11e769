package promise

import (
	"path"
	"slices"
)

// Lacking are the folders above a clean path that are missing, the outermost first.
func Lacking(p string, missing func(folder string) bool) (lacking []string) {
	for dir := path.Dir(p); dir != "." && missing(dir); dir = path.Dir(dir) {
		lacking = append(lacking, dir)
	}
	slices.Reverse(lacking)
	return lacking
}
