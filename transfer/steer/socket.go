package steer

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
)

const socketName = "control.sock"

// longest is how long the path of a socket may be: 104 bytes on some systems, with the
// NUL at the end.
const longest = 103

// Listen opens the socket of a transfer that this process runs, for its user alone, as its folder is then. One
// that an earlier process has left is replaced: the caller holds the transfer's journal,
// so that nobody uses it. Close removes it.
func Listen(dir string) (net.Listener, error) {
	if err := os.Chmod(dir, 0o700); err != nil { // before the socket is there, which is everybody's for a moment
		return nil, fmt.Errorf("open the socket to steer the transfer by: %w", err)
	}
	name := filepath.Join(dir, socketName)
	if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("open the socket to steer the transfer by: %w", err)
	}
	var l *net.UnixListener
	err := shortly(name, func(short string) (err error) {
		l, err = net.ListenUnix("unix", &net.UnixAddr{Name: short, Net: "unix"})
		return err
	})
	if err == nil {
		l.SetUnlinkOnClose(false) // its path may be the short one, which is gone
		if err = os.Chmod(name, 0o600); err != nil {
			_ = l.Close()
		}
	}
	if err != nil {
		return nil, fmt.Errorf("open the socket to steer the transfer by: %w", err)
	}
	return &listener{Listener: l, name: name}, nil
}

type listener struct {
	net.Listener
	name string
}

// Close removes the socket first, so that nobody calls who would not be answered.
func (l *listener) Close() error {
	err := os.Remove(l.name)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil // the folder is gone, as after all was done
	}
	return errors.Join(err, l.Listener.Close())
}

// connect calls the process that runs a transfer.
func connect(dir string) (conn net.Conn, err error) {
	name := filepath.Join(dir, socketName)
	err = shortly(name, func(short string) (err error) {
		conn, err = net.Dial("unix", short)
		return err
	})
	return conn, err
}

// shortly calls use with a path of the socket that is short enough for the system: the
// path itself, or one by way of a link in a folder that nobody else can write to.
func shortly(name string, use func(short string) error) error {
	if len(name) <= longest {
		return use(name)
	}
	dir, err := os.MkdirTemp("", "gantry-") // mode 0700
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	link := filepath.Join(dir, "s")
	if err := os.Symlink(filepath.Dir(name), link); err != nil {
		return err
	}
	return use(filepath.Join(link, filepath.Base(name)))
}
