package ftp

import (
	"strings"
	"unicode"
)

// pureFTPdBad tells of names that Pure-FTPd keeps under another name than it is
// told, without saying so, and of those that it lists and does not take.
func pureFTPdBad(name string) string {
	for element := range strings.SplitSeq(name, "/") {
		if strings.HasSuffix(element, " ") {
			return "it ends with a space, which Pure-FTPd replaces"
		}
		if strings.IndexFunc(element, unicode.IsControl) >= 0 {
			return "it has a control character, which Pure-FTPd replaces"
		}
		if strings.Contains(element, `\`) {
			return "it has a backslash, which Pure-FTPd prohibits"
		}
	}
	return ""
}
