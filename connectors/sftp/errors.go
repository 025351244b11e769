package sftp

import (
	"context"
	"errors"
	"io/fs"

	"github.com/pkg/sftp"

	"gantry/connectors"
)

// Status codes of the protocol, version 3, that the library does not translate.
const (
	statusFailure        = 4
	statusBadMessage     = 5
	statusNoConnection   = 6
	statusConnectionLost = 7
	statusUnsupported    = 8
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

// fail gives err its kind, and ends a connection that does not work, so that the
// next call makes another.
func (c *conn) fail(op, path string, err error) error {
	var known *connectors.Error
	if err != nil && !errors.As(err, &known) && kindOf(err) == connectors.KindUnavailable {
		c.end()
	}
	return fail(op, path, err)
}

func kindOf(err error) connectors.Kind {
	var status *sftp.StatusError
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

func kindOfStatus(code uint32) connectors.Kind {
	switch code {
	case statusBadMessage:
		return connectors.KindInvalid // OpenSSH says so of names that its file system refuses
	case statusNoConnection, statusConnectionLost:
		return connectors.KindUnavailable
	case statusUnsupported:
		return connectors.KindUnsupported
	default:
		return connectors.KindOther
	}
}

// isStatus tells whether the server answered with this code.
func isStatus(err error, code uint32) bool {
	var status *sftp.StatusError
	return errors.As(err, &status) && status.Code == code
}
