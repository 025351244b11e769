package local

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"syscall"

	"gantry/connectors"
)

// A cause is what some errors of the system mean, and what to do about it.
type cause struct {
	kind   connectors.Kind
	remedy string
	errs   []error
}

// causes are asked in this order.
var causes = []cause{
	{connectors.KindNotFound, "", []error{fs.ErrNotExist, syscall.ENOTDIR}},
	{connectors.KindExists, "", []error{fs.ErrExist, syscall.EISDIR}},
	{connectors.KindPermission, "the file system is mounted read-only: mount it for writing", []error{syscall.EROFS}},
	{connectors.KindPermission, "give the user of this process the right to it", []error{fs.ErrPermission}},
	{connectors.KindNoSpace, "the user's quota is used up: raise it, or make room", []error{syscall.EDQUOT}},
	{connectors.KindNoSpace, "make room on the volume", []error{syscall.ENOSPC}},
	{connectors.KindBusy, "raise the limit of open files (ulimit -n)", []error{syscall.EMFILE}},
	{connectors.KindBusy, "raise the system's limit of open files (fs.file-max)", []error{syscall.ENFILE}},
	{connectors.KindBusy, "a running program is in the way: wait until it ends", []error{syscall.ETXTBSY}},
	{connectors.KindBusy, "the system is short of memory", []error{syscall.ENOMEM, syscall.ENOBUFS}},
	{connectors.KindBusy, "", []error{syscall.EBUSY, syscall.EAGAIN, syscall.EDEADLK, syscall.ENOLCK}},
	{connectors.KindUnavailable, "the server has lost the file or was restarted: mount the share again if it stays", []error{syscall.ESTALE}},
	{connectors.KindUnavailable, "check the server of the share and the network", []error{
		syscall.ENOTCONN, syscall.ECONNABORTED, syscall.ECONNRESET, syscall.ECONNREFUSED, syscall.EHOSTDOWN, syscall.EHOSTUNREACH,
		syscall.ENETDOWN, syscall.ENETUNREACH, syscall.ESHUTDOWN, syscall.EPIPE,
	}},
	{connectors.KindUnavailable, "check the disk and its connection", []error{syscall.EIO, syscall.ENODEV, syscall.ENXIO}},
	{connectors.KindTimeout, "check the server of the share and the network", []error{syscall.ETIMEDOUT}},
	{connectors.KindUnsupported, "another volume is mounted below the root: give it a location of its own", []error{syscall.EXDEV}},
	{connectors.KindUnsupported, "", []error{errors.ErrUnsupported}},
	{connectors.KindInvalid, "take a shorter name: most file systems allow 255 bytes", []error{syscall.ENAMETOOLONG}},
	{connectors.KindInvalid, "the file system does not allow such a name: take another one", []error{syscall.EILSEQ}},
	{connectors.KindInvalid, "the file system refuses it, most often because of the name: take another one", []error{syscall.EINVAL}},
	{connectors.KindInvalid, "the file system does not hold files of this size", []error{syscall.EFBIG, syscall.EOVERFLOW}},
	{connectors.KindInvalid, "", []error{syscall.ELOOP}},
}

var everyCause = slices.Concat(causes, systemCauses)

// fail gives err its kind.
func fail(op, path string, err error) error {
	if err == nil || known(err) {
		return err
	}
	c := causeOf(err)
	return &connectors.Error{Kind: c.kind, Op: op, Path: path, Remedy: c.remedy, Err: err}
}

func kindOf(err error) connectors.Kind {
	if err == nil {
		return ""
	}
	return causeOf(err).kind
}

func causeOf(err error) cause {
	if known(err) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return cause{kind: connectors.KindOf(err)}
	}
	for _, c := range everyCause {
		if slices.ContainsFunc(c.errs, func(target error) bool { return errors.Is(err, target) }) {
			return c
		}
	}
	if leavesRoot(err) {
		return cause{kind: connectors.KindInvalid, remedy: "a link on the way leads out of the root: name the file by its own path"}
	}
	return cause{kind: connectors.KindOther}
}

// leavesRoot recognises the error of os.Root, which has no name of its own.
func leavesRoot(err error) bool { return strings.Contains(err.Error(), "path escapes from parent") }

// explain tells a full volume from one that has room and no names left.
func (p *place) explain(err error) error {
	var e *connectors.Error
	if errors.As(err, &e) && errors.Is(e.Err, syscall.ENOSPC) && outOfInodes(p.root) {
		e.Remedy = "the volume has room, and no inodes left for further files: remove files, or make its file system with more inodes"
	}
	return err
}
