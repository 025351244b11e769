package listing

import (
	"regexp"
	"strings"
	"time"
)

// A Style is a kind of LIST that is understood.
type Style string

// The styles. A listing keeps to the one of its first entry.
const (
	Unix    Style = "unix"    // ls -l, in many variants
	DOS     Style = "dos"     // dir, of IIS and others
	NetWare Style = "netware" // like ls, with rights in brackets
)

// A Reader reads the lines of one LIST. It is for one goroutine.
type Reader struct {
	Now   time.Time      // a date without a year is the last such day before it
	Zone  *time.Location // of the times that the server writes; nil = UTC
	Style Style          // "" until an entry was seen
}

// Line reads a line without its line end. ok is false for lines that tell of no
// entry: empty ones and the "total" of ls.
func (r *Reader) Line(line string) (e Entry, ok bool, err error) {
	if strings.TrimSpace(line) == "" || total.MatchString(line) {
		return Entry{}, false, nil
	}
	style, fields := styleOf(line)
	switch {
	case style == "":
		return Entry{}, false, &LineError{line, "it is in none of the known styles"}
	case r.Style != "" && r.Style != style:
		return Entry{}, false, &LineError{line, "it is in another style than those before it"}
	}
	reason := ""
	if style == DOS {
		e, reason = r.dos(fields)
	} else {
		e, reason = r.unix(style, fields)
	}
	if reason != "" {
		return Entry{}, false, &LineError{line, reason}
	}
	r.Style = style
	e.Kind = kindOf(e.Name, e.Kind)
	if err := checkName(e.Name); err != nil {
		return Entry{}, false, err
	}
	return e, true, nil
}

var (
	total      = regexp.MustCompile(`^total [0-9]+$`)
	unixMode   = regexp.MustCompile(`^([-bcdlps])[-rwxsStTlL]{9}[+.@]? +(.+)$`)
	netwareFmt = regexp.MustCompile(`^([-dD]) ?\[[-A-Z]{6,9}\] +(.+)$`)
	dosFmt     = regexp.MustCompile(`^([0-9]{2}-[0-9]{2}-(?:[0-9]{2}|[0-9]{4})|[0-9]{4}-[0-9]{2}-[0-9]{2}) +([0-9]{2}:[0-9]{2}(?:[AaPp][Mm]?)?) +(<[A-Z]+>|[0-9,]+) +?(.+)$`)
)

func styleOf(line string) (Style, []string) {
	if m := unixMode.FindStringSubmatch(line); m != nil {
		return Unix, m[1:]
	}
	if m := netwareFmt.FindStringSubmatch(line); m != nil {
		return NetWare, m[1:]
	}
	if m := dosFmt.FindStringSubmatch(line); m != nil {
		return DOS, m[1:]
	}
	return "", nil
}

func (r *Reader) zone() *time.Location {
	if r.Zone == nil {
		return time.UTC
	}
	return r.Zone
}
