package local

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"syscall"

	"gantry/connectors"
)

var remedies = map[connectors.Kind]string{
	connectors.KindNoSpace:     "make room on the volume",
	connectors.KindPermission:  "give the user of this process the right to it",
	connectors.KindUnavailable: "check the disk and its connection",
	connectors.KindBusy:        "raise the limit of open files",
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
	is := func(targets ...error) bool {
		for _, target := range targets {
			if errors.Is(err, target) {
				return true
			}
		}
		return false
	}
	switch {
	case is(context.Canceled, context.DeadlineExceeded):
		return connectors.KindOf(err)
	case is(fs.ErrNotExist, syscall.ENOTDIR):
		return connectors.KindNotFound
	case is(fs.ErrExist, syscall.EISDIR):
		return connectors.KindExists
	case is(fs.ErrPermission, syscall.EROFS):
		return connectors.KindPermission
	case is(syscall.ENOSPC, syscall.EDQUOT):
		return connectors.KindNoSpace
	case is(syscall.EMFILE, syscall.ENFILE, syscall.EBUSY):
		return connectors.KindBusy
	case is(syscall.EIO, syscall.ESTALE, syscall.ENODEV, syscall.ENXIO, syscall.EHOSTDOWN):
		return connectors.KindUnavailable
	case is(syscall.ETIMEDOUT):
		return connectors.KindTimeout
	case is(syscall.EXDEV):
		return connectors.KindUnsupported
	case is(syscall.EINVAL, syscall.EILSEQ, syscall.ENAMETOOLONG, syscall.ELOOP, syscall.EFBIG), leavesRoot(err):
		return connectors.KindInvalid
	default:
		return connectors.KindOther
	}
}

// leavesRoot recognises the error of os.Root, which has no name of its own.
func leavesRoot(err error) bool { return strings.Contains(err.Error(), "path escapes from parent") }
