package wire

import (
	"context"
	"errors"
	"io/fs"
	"time"

	"github.com/pkg/sftp"
)

func (c *Client) stat(ctx context.Context, call func() (fs.FileInfo, error)) (Attrs, error) {
	return await(ctx, c, func() (Attrs, error) {
		info, err := call()
		if err != nil {
			return Attrs{}, err
		}
		if info == nil { // the server says OK, and nothing else
			return Attrs{}, c.broken("an answer of another kind")
		}
		if raw, _ := info.Sys().(*sftp.FileStat); raw != nil {
			return attrsOf(raw), nil
		}
		return Attrs{}, c.broken("an answer of another kind")
	}, nil)
}

// Stat describes what is at path, and follows links.
func (c *Client) Stat(ctx context.Context, path string) (Attrs, error) {
	return c.stat(ctx, func() (fs.FileInfo, error) { return c.lib.Stat(path) })
}

// Lstat describes what is at path, and does not follow a link.
func (c *Client) Lstat(ctx context.Context, path string) (Attrs, error) {
	return c.stat(ctx, func() (fs.FileInfo, error) { return c.lib.Lstat(path) })
}

// SetTime sets both times of what is at path.
func (c *Client) SetTime(ctx context.Context, path string, t time.Time) error {
	return c.run(ctx, func() error { return c.lib.Chtimes(path, t, t) })
}

// Chmod sets the permissions of a file.
func (c *Client) Chmod(ctx context.Context, path string, mode fs.FileMode) error {
	return c.run(ctx, func() error { return c.lib.Chmod(path, mode) })
}

// Mkdir makes a folder, with the server's own mode.
func (c *Client) Mkdir(ctx context.Context, path string) error {
	return c.run(ctx, func() error { return c.lib.Mkdir(path) })
}

// Rmdir removes an empty folder.
func (c *Client) Rmdir(ctx context.Context, path string) error {
	return c.run(ctx, func() error { return c.lib.RemoveDirectory(path) })
}

// Rename moves a file. By the protocol it fails where there is one already.
func (c *Client) Rename(ctx context.Context, from, to string) error {
	return c.run(ctx, func() error { return c.lib.Rename(from, to) })
}

// PosixRename moves a file and replaces what is there, in one step
// (posix-rename@openssh.com).
func (c *Client) PosixRename(ctx context.Context, from, to string) error {
	return c.run(ctx, func() error { return c.lib.PosixRename(from, to) })
}

// Hardlink gives a file a second name, where nothing may be yet
// (hardlink@openssh.com).
func (c *Client) Hardlink(ctx context.Context, from, to string) error {
	return c.run(ctx, func() error { return c.lib.Link(from, to) })
}

// RealPath makes a path absolute, and follows its links as far as the server does.
func (c *Client) RealPath(ctx context.Context, path string) (string, error) {
	return await(ctx, c, func() (string, error) {
		real, err := c.lib.RealPath(path)
		if err == nil && real == "" {
			err = c.broken("no path")
		}
		return real, err
	}, nil)
}

// A Volume is the room that a server has, in bytes.
type Volume struct {
	Size, Free uint64 // free for us
}

// Room gives the volume at path (statvfs@openssh.com).
func (c *Client) Room(ctx context.Context, path string) (Volume, error) {
	return await(ctx, c, func() (Volume, error) {
		v, err := c.lib.StatVFS(path)
		if err == nil && v == nil {
			err = c.broken("an answer of another kind")
		}
		if err != nil {
			return Volume{}, err
		}
		return Volume{Size: v.Blocks * v.Frsize, Free: v.Bavail * v.Frsize}, nil
	}, nil)
}

// IsEnd tells whether err is the server's word for the end of a file or folder.
func IsEnd(err error) bool {
	var status *Status
	return errors.As(err, &status) && status.Code == EOF
}
