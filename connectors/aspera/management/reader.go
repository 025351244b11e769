package management

import (
	"bufio"
	"errors"
	"io"
	"strings"
)

// A Reader takes frames from a stream. It is for one goroutine.
type Reader struct{ lines *bufio.Reader }

// NewReader reads frames from r.
func NewReader(r io.Reader) *Reader { return &Reader{lines: bufio.NewReaderSize(r, maxLine)} }

// Read returns the next frame. io.EOF between two frames, io.ErrUnexpectedEOF
// inside of one, a [FormatError] for what is no frame. It holds no more than one
// frame of limited size.
func (r *Reader) Read() (Frame, error) {
	first, err := r.line()
	if err != nil {
		return Frame{}, err
	}
	if first != header {
		return Frame{}, malformed("a frame begins with %.40q", first)
	}
	f := Frame{Fields: map[string]string{}}
	for size := 0; ; {
		line, err := r.line()
		switch {
		case errors.Is(err, io.EOF):
			return Frame{}, io.ErrUnexpectedEOF
		case err != nil:
			return Frame{}, err
		case line == "":
			return f, f.check()
		}
		if size += len(line); size > maxFrame || len(f.Fields) >= maxFields {
			return Frame{}, malformed("a frame has no end")
		}
		if err := f.take(line); err != nil {
			return Frame{}, err
		}
	}
}

func (f *Frame) take(line string) error {
	name, value, ok := strings.Cut(line, ":")
	if !ok || name == "" {
		return malformed("a line reads %.40q", line)
	}
	value = strings.TrimPrefix(value, " ")
	if name == "Type" {
		f.Type = value
		return nil
	}
	f.Fields[name] = value
	return nil
}

func (f *Frame) check() error {
	if f.Type == "" {
		return malformed("a frame has no type")
	}
	return nil
}

// line reads one line without its end; "\r\n" ends one, too.
func (r *Reader) line() (string, error) {
	line, err := r.lines.ReadSlice('\n')
	switch {
	case errors.Is(err, bufio.ErrBufferFull):
		return "", malformed("a line is longer than %d bytes", maxLine)
	case errors.Is(err, io.EOF) && len(line) > 0:
		return "", io.ErrUnexpectedEOF
	case err != nil:
		return "", err
	}
	return strings.TrimSuffix(strings.TrimSuffix(string(line), "\n"), "\r"), nil
}
