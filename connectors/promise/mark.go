package promise

import (
	"crypto/rand"
	"path"
	"strings"
)

// A mark is a small file that is put into a folder for a moment, to find out whether
// another place shows it: then both are one. Nobody moves or ingests one that a kill has
// left behind.

const markPrefix = ".gantry-probe-"

// NewMark gives a name for a mark, which nobody can have taken.
func NewMark() string { return markPrefix + strings.ToLower(rand.Text()) }

// IsMark tells whether a path can be that of a mark.
func IsMark(p string) bool {
	rest, found := strings.CutPrefix(path.Base(p), markPrefix)
	return found && len(rest) >= 26 && strings.Trim(rest, "abcdefghijklmnopqrstuvwxyz234567") == ""
}
