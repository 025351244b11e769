package listing

import (
	"strings"
	"time"
)

// Facts reads a line of MLSD, or the one of MLST without its leading space. The
// names of facts and the types are taken in any case; facts that nobody needs are
// passed over.
func Facts(line string) (Entry, error) {
	facts, name, found := strings.Cut(line, "; ")
	if !found {
		return Entry{}, &LineError{line, "no facts end with a semicolon and a space"}
	}
	e := Entry{Name: name, Size: -1}
	seen := map[string]bool{}
	for fact := range strings.SplitSeq(facts, ";") {
		key, value, found := strings.Cut(fact, "=")
		if key = strings.ToLower(key); !found || key == "" {
			return Entry{}, &LineError{line, "a fact has no value"}
		}
		if key == "sizd" { // Pure-FTPd's size of a folder
			key = "size"
		}
		if seen[key] {
			return Entry{}, &LineError{line, "it says " + key + " twice"}
		}
		seen[key] = true
		if reason := e.learn(key, value); reason != "" {
			return Entry{}, &LineError{line, reason}
		}
	}
	if e.Kind == "" {
		return Entry{}, &LineError{line, "it does not say what it is about"}
	}
	if e.Kind == Self || e.Kind == Parent { // their names may be whole paths
		return e, nil
	}
	e.Kind = kindOf(name, e.Kind)
	return e, checkName(name)
}

// learn takes one fact over. It gives the reason if the fact is not understood.
func (e *Entry) learn(key, value string) (reason string) {
	switch key {
	case "type":
		e.Kind, e.Target = typeOf(value)
	case "unique":
		e.Unique = value
	case "size":
		size, ok := decimal(value)
		if !ok {
			return "the size is no number"
		}
		e.Size = size
	case "modify":
		t, ok := Stamp(value)
		if !ok {
			return "the time is none"
		}
		e.ModTime, e.Precision = t, time.Second
	}
	return ""
}

func typeOf(value string) (kind Kind, target string) {
	lower := strings.ToLower(value)
	switch {
	case lower == "file":
		return File, ""
	case lower == "dir":
		return Folder, ""
	case lower == "cdir":
		return Self, ""
	case lower == "pdir":
		return Parent, ""
	case strings.HasPrefix(lower, "os.unix=slink:"):
		return Link, value[len("os.unix=slink:"):]
	case strings.HasPrefix(lower, "os.unix=slink"), strings.HasPrefix(lower, "os.unix=symlink"):
		return Link, ""
	default:
		return Other, ""
	}
}

// Stamp reads a time of RFC 3659: YYYYMMDDHHMMSS with an optional fraction, in UTC.
func Stamp(text string) (time.Time, bool) {
	whole, _, _ := strings.Cut(text, ".")
	if len(whole) != len(stampLayout) {
		return time.Time{}, false
	}
	layout := stampLayout
	if len(text) > len(whole) {
		layout += ".999999999"
	}
	t, err := time.Parse(layout, text)
	return t, err == nil && t.Year() >= firstYear
}

const stampLayout = "20060102150405"

// firstYear is the first of a time that means anything: servers write years like 0001
// for none.
const firstYear = 1000

// FormatStamp is the reverse of Stamp, in whole seconds.
func FormatStamp(t time.Time) string { return t.UTC().Format(stampLayout) }

// decimal reads a size, which is decimal however many zeros it begins with.
func decimal(text string) (int64, bool) {
	const most = 1 << 62
	n := int64(0)
	for _, c := range []byte(text) {
		if c < '0' || c > '9' || n > most/10 {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, text != ""
}

// Size reads a number of bytes, as SIZE gives it.
func Size(text string) (int64, bool) { return decimal(text) }
