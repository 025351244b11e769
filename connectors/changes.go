package connectors

import (
	"fmt"
	"strings"
	"time"
)

// Differences says for people in what another version of a file differs from the one that
// was: size, time, or, where both are as they were, its identity.
func Differences(was, is Entry) string {
	var all []string
	if was.Size != is.Size {
		all = append(all, fmt.Sprintf("%d bytes, and now %d", was.Size, is.Size))
	}
	if !was.ModTime.Equal(is.ModTime) {
		all = append(all, fmt.Sprintf("modified at %s, and now at %s", instant(was.ModTime), instant(is.ModTime)))
	}
	if len(all) == 0 {
		return "size and time are as they were, and its identity is another"
	}
	return "it was " + strings.Join(all, "; ")
}

func instant(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
