package sftp

import (
	"context"
	"errors"
	"io/fs"
	"path"
	"slices"

	"gantry/connectors"
	"gantry/connectors/sftp/wire"
)

var remedies = map[connectors.Kind]string{
	connectors.KindNoSpace:     "make room on the server",
	connectors.KindPermission:  "ask the server's operator for the right to it",
	connectors.KindUnavailable: "the connection is made anew by the next call",
}

// fail gives err its kind.
func fail(op, path string, err error) error {
	var known *connectors.Error
	if err == nil || errors.As(err, &known) {
		return err
	}
	kind := kindOf(err)
	return &connectors.Error{Kind: kind, Op: op, Path: path, Remedy: remedies[kind], Err: err}
}

func kindOf(err error) connectors.Kind {
	var status *wire.Status
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return connectors.KindOf(err)
	case errors.Is(err, fs.ErrNotExist):
		return connectors.KindNotFound
	case errors.Is(err, fs.ErrPermission):
		return connectors.KindPermission
	case errors.As(err, &status):
		return kindOfStatus(status.Code)
	default:
		return connectors.KindUnavailable // what is no answer of the server is trouble with the connection
	}
}

func kindOfStatus(code wire.Code) connectors.Kind {
	switch code {
	case wire.BadMessage:
		return connectors.KindInvalid // OpenSSH says so of names that its file system refuses
	case wire.NoConnection, wire.ConnectionLost:
		return connectors.KindUnavailable
	case wire.Unsupported:
		return connectors.KindUnsupported
	case wire.AlreadyExists:
		return connectors.KindExists
	case wire.NoSpace, wire.QuotaExceeded:
		return connectors.KindNoSpace
	default:
		return connectors.KindOther
	}
}

// isStatus tells whether the server answered with one of these codes.
func isStatus(err error, codes ...wire.Code) bool {
	var status *wire.Status
	if !errors.As(err, &status) {
		return false
	}
	for _, code := range codes {
		if status.Code == code {
			return true
		}
	}
	return false
}

// refused tells whether err is the server's answer: the session still works.
func refused(err error) bool {
	var status *wire.Status
	return errors.As(err, &status)
}

// explain finds out whether nothing is at a path, where a server that has one
// code for everything does not say so.
func (c *conn) explain(ctx context.Context, p string, err error) error {
	if !isStatus(err, wire.Failure) || p == "." || p == "" {
		return err
	}
	folder := path.Dir(p)
	info, missing := c.Stat(ctx, c.abs(folder))
	switch {
	case missing != nil && errors.Is(c.explain(ctx, folder, missing), fs.ErrNotExist):
		return &wire.Status{Code: wire.NoSuchPath, Message: "its folder is not there"}
	case missing != nil:
		return err
	case info.Typed && !info.Mode.IsDir():
		return &wire.Status{Code: wire.NoSuchPath, Message: "a file stands where its folder should"}
	}
	names, unlisted := c.readFolder(ctx, folder)
	if unlisted != nil || slices.ContainsFunc(names, func(n wire.Name) bool { return n.Name == path.Base(p) }) {
		return err
	}
	return &wire.Status{Code: wire.NoSuchFile, Message: "it is not in its folder's listing"}
}

// stat describes what is at a path, and follows links.
func (c *conn) stat(ctx context.Context, p string) (wire.Attrs, error) {
	a, err := c.Stat(ctx, c.abs(p))
	return a, c.explain(ctx, p, err)
}

// lstat describes what is at a path, and does not follow a link.
func (c *conn) lstat(ctx context.Context, p string) (wire.Attrs, error) {
	a, err := c.Lstat(ctx, c.abs(p))
	return a, c.explain(ctx, p, err)
}
