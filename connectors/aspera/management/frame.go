// Package management is the protocol by which ascp tells what it does and takes
// orders: frames of text lines on a TCP connection to which ascp dials.
//
//	FASPMGR 2
//	Type: STATS
//	TransferBytes: 1048576
//	(empty line)
//
// The peer is a program of another house: nothing that it sends can make a reader
// hold more than the limits below.
package management

import (
	"fmt"
	"strconv"
	"strings"
)

// header begins each frame.
const header = "FASPMGR 2"

// The limits of a frame. A path may have 4,096 bytes; nothing else is long.
const (
	maxLine   = 16 << 10
	maxFields = 512
	maxFrame  = 256 << 10
)

// The types of frames: what ascp reports, and RATE and CANCEL as orders to it.
const (
	Init         = "INIT"
	Session      = "SESSION"
	Notification = "NOTIFICATION"
	Stats        = "STATS"
	Stop         = "STOP"      // one file is done
	FileError    = "FILEERROR" // one file has failed
	Done         = "DONE"
	Error        = "ERROR"
	Rate         = "RATE"
	Cancel       = "CANCEL"
)

// A Frame is one message. Fields keep the names and spelling of the protocol.
type Frame struct {
	Type   string
	Fields map[string]string // without Type
}

// Int gives a numeric field, 0 where it is missing or no number.
func (f Frame) Int(name string) int64 {
	n, err := strconv.ParseInt(f.Fields[name], 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// Moved is how many bytes are at the far end, with those of earlier sessions.
func (f Frame) Moved() int64 { return f.size("TransferBytes") + f.size("StartByte") }

// size is a number of bytes that can be added to another.
func (f Frame) size(name string) int64 { return min(max(0, f.Int(name)), 1<<61) }

// Code and Description say what is wrong; Code is 0 if nothing is.
func (f Frame) Code() int { return int(f.Int("Code")) }

// Description is the text that comes with a code, without control characters.
func (f Frame) Description() string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, f.Fields["Description"])
}

// A FormatError says that the peer does not speak the protocol.
type FormatError struct{ Reason string }

// Error implements error.
func (e *FormatError) Error() string { return "this is not the management protocol: " + e.Reason }

func malformed(format string, args ...any) error {
	return &FormatError{Reason: fmt.Sprintf(format, args...)}
}
