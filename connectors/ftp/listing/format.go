package listing

import (
	"fmt"
	"strings"
	"time"
)

// Format writes an entry as a line of MLSD, such that [Facts] gives it back.
func Format(e Entry) string {
	var b strings.Builder
	b.WriteString("type=" + factOf(e) + ";")
	if e.Size >= 0 {
		fmt.Fprintf(&b, "size=%d;", e.Size)
	}
	if !e.ModTime.IsZero() {
		b.WriteString("modify=" + e.ModTime.UTC().Format(stampLayout) + fraction(e.ModTime) + ";")
	}
	if e.Unique != "" {
		b.WriteString("unique=" + e.Unique + ";")
	}
	return b.String() + " " + e.Name
}

func factOf(e Entry) string {
	switch e.Kind {
	case File:
		return "file"
	case Folder:
		return "dir"
	case Self:
		return "cdir"
	case Parent:
		return "pdir"
	case Link:
		return "OS.unix=slink:" + e.Target
	default:
		return "OS.unix=other"
	}
}

func fraction(t time.Time) string {
	if t.Nanosecond() == 0 {
		return ""
	}
	return strings.TrimRight(fmt.Sprintf(".%09d", t.Nanosecond()), "0")
}
