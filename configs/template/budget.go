package template

import (
	"bytes"
	"errors"
	"fmt"
)

const (
	maxRendered = 1 << 20  // of a template's result, in bytes
	maxWork     = 16 << 20 // of all texts that a template makes on the way, in bytes
	turnWork    = 64       // that a turn of a loop counts for
	maxFormat   = 256      // of a format, in bytes: a width in it makes much of little
)

var errTooMuch = errors.New("the template does too much: it is for a short document about one asset")

// A budget bounds the work of one template.
type budget struct{ left int }

func (b *budget) spend(n int) error {
	if b.left -= n; b.left < 0 {
		return errTooMuch
	}
	return nil
}

// turn counts a turn of a loop. It prints nothing.
func (b *budget) turn() (string, error) { return "", b.spend(turnWork) }

func (b *budget) print(args ...any) (string, error) { return b.made(fmt.Sprint, args) }

func (b *budget) println(args ...any) (string, error) { return b.made(fmt.Sprintln, args) }

func (b *budget) printf(format string, args ...any) (string, error) {
	if len(format) > maxFormat {
		return "", fmt.Errorf("a format is longer than %d bytes", maxFormat)
	}
	return b.made(func(args ...any) string { return fmt.Sprintf(format, args...) }, args)
}

// made counts what goes in before it makes anything, and what comes out.
func (b *budget) made(make func(...any) string, args []any) (string, error) {
	size := 0
	for _, arg := range args {
		if text, ok := arg.(string); ok {
			size += len(text)
		}
	}
	if err := b.spend(size); err != nil {
		return "", err
	}
	text := make(args...)
	if len(text) > maxRendered {
		return "", errTooMuch
	}
	return text, b.spend(len(text))
}

// limited is a buffer that refuses to grow past maxRendered.
type limited struct{ bytes.Buffer }

func (l *limited) Write(p []byte) (int, error) {
	if l.Len()+len(p) > maxRendered {
		return 0, fmt.Errorf("its result is longer than %d bytes", maxRendered)
	}
	return l.Buffer.Write(p)
}
