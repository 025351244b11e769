package management

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Write sends a frame in one piece. A value with a line break is refused: it would
// be read as a field of its own.
func Write(w io.Writer, f Frame) error {
	text := header + "\nType: " + f.Type + "\n"
	for _, name := range slices.Sorted(maps.Keys(f.Fields)) {
		text += name + ": " + f.Fields[name] + "\n"
	}
	if strings.Count(text, "\n") != len(f.Fields)+2 || strings.Contains(text, "\r") {
		return fmt.Errorf("a field of a %s frame has a line break in it", f.Type)
	}
	_, err := io.WriteString(w, text+"\n")
	return err
}

// SetRate is the order to change the target rate, in units of 1,000 bits a second.
func SetRate(kbps int64) Frame {
	return Frame{Type: Rate, Fields: map[string]string{"Rate": strconv.FormatInt(kbps, 10)}}
}

// Stopping is the order to end the session.
func Stopping() Frame { return Frame{Type: Cancel} }
