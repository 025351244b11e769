package local

import (
	"errors"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

const userSpace = "user."

func readXattrs(f *os.File) (map[string]string, error) {
	list, err := grow(func(b []byte) (int, error) { return unix.Flistxattr(int(f.Fd()), b) })
	if err != nil {
		return nil, err
	}
	tags := map[string]string{}
	for full := range strings.SplitSeq(string(list), "\x00") {
		name, ok := strings.CutPrefix(full, userSpace)
		if !ok {
			continue
		}
		value, err := grow(func(b []byte) (int, error) { return unix.Fgetxattr(int(f.Fd()), full, b) })
		if errors.Is(err, unix.ENODATA) {
			continue // it has gone meanwhile
		}
		if err != nil {
			return nil, err
		}
		tags[name] = string(value)
	}
	return tags, nil
}

// grow calls with as much room as the answer needs.
func grow(call func([]byte) (int, error)) ([]byte, error) {
	for room := 1 << 10; ; room *= 4 {
		b := make([]byte, room)
		n, err := call(b)
		if errors.Is(err, unix.ERANGE) && room < 1<<20 {
			continue
		}
		if err != nil {
			return nil, err
		}
		return b[:n], nil
	}
}

func setXattr(f *os.File, name, value string) error {
	return again(func() error { return unix.Fsetxattr(int(f.Fd()), userSpace+name, []byte(value), 0) })
}

func removeXattr(f *os.File, name string) error {
	err := again(func() error { return unix.Fremovexattr(int(f.Fd()), userSpace+name) })
	if errors.Is(err, unix.ENODATA) {
		return nil
	}
	return err
}
