// Package listing reads the lines by which FTP servers describe files: the facts
// of MLSD and MLST (RFC 3659), and what LIST answers, for which there is no
// standard.
//
// It is pure: no clock, no network. A line is understood as a whole or refused;
// nothing is guessed, because whoever deletes on the word of a listing must know
// that it lacks nothing. Two refusals differ:
//
//   - a [LineError] is a line that is not understood: the listing is incomplete.
//   - a [NameError] is an entry whose name no file of a folder can have, or that no
//     command could carry: it can be passed over.
package listing

import (
	"fmt"
	"strings"
	"time"
)

// A Kind is what an entry is.
type Kind string

// The kinds of entries.
const (
	File   Kind = "file"
	Folder Kind = "folder"
	Link   Kind = "link"
	Self   Kind = "self"   // the folder that is listed
	Parent Kind = "parent" // the folder above it
	Other  Kind = "other"  // a device, a FIFO, a socket
)

// An Entry is one line of a listing, as the server tells it.
type Entry struct {
	Name      string
	Kind      Kind
	Size      int64         // bytes; -1 = not told
	ModTime   time.Time     // UTC; zero = not told
	Precision time.Duration // of ModTime: a second, a minute or a day; 0 = ModTime is not told
	Target    string        // of a link; "" = not told
	Unique    string        // the same for two names of the same thing; "" = not told
}

// A LineError is a line that is not understood.
type LineError struct{ Line, Reason string }

// Error shows the line, shortened.
func (e *LineError) Error() string {
	return fmt.Sprintf("the line %.120q is not understood: %s", e.Line, e.Reason)
}

// A NameError is a well-formed line about a name that cannot be used.
type NameError struct{ Name, Reason string }

// Error shows the name, shortened.
func (e *NameError) Error() string { return fmt.Sprintf("the name %.120q %s", e.Name, e.Reason) }

// checkName refuses what cannot be the name of a file in a folder, and what cannot
// be sent over a control connection: 0xFF is the escape of the Telnet protocol.
func checkName(name string) error {
	switch {
	case name == "":
		return &NameError{name, "is empty"}
	case strings.Contains(name, "/"):
		return &NameError{name, "has a slash"}
	case strings.ContainsAny(name, "\r\n\x00"):
		return &NameError{name, "has a line break or NUL"}
	case strings.Contains(name, "\xff"):
		return &NameError{name, "has the byte 0xFF, which FTP cannot carry"}
	default:
		return nil
	}
}

// kindOf tells the folder itself and its parent by their names.
func kindOf(name string, kind Kind) Kind {
	switch name {
	case ".":
		return Self
	case "..":
		return Parent
	default:
		return kind
	}
}
