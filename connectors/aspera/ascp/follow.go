package ascp

import (
	"errors"
	"fmt"
	"io"

	"gantry/connectors"
	"gantry/connectors/aspera/management"
)

// A follower draws the conclusions from what a session reports. It is pure: frames
// in, a verdict out.
type follower struct {
	path    string
	agreed  bool // the far end takes part
	bytes   int64
	done    bool
	failure *Failure
}

// take takes one frame. moved tells whether more bytes have arrived.
func (f *follower) take(frame management.Frame) (moved bool) {
	switch frame.Type {
	case management.Session, management.Stop:
		f.agreed = true
	case management.Stats:
		f.agreed = true
		if n := frame.Moved(); n > f.bytes {
			f.bytes, moved = n, true
		}
	case management.FileError, management.Error:
		f.fail(frame)
	case management.Done:
		f.done = true
		if frame.Code() != 0 {
			f.fail(frame)
		}
	}
	return moved
}

// fail keeps the first failure, unless that was the vague one that some files
// failed.
func (f *follower) fail(frame management.Frame) {
	const some = 27
	if f.failure == nil || f.failure.Code == some {
		f.failure = &Failure{Code: frame.Code(), Description: frame.Description()}
	}
}

// verdict judges the reports, how they ended, and the exit of the program. All
// three have to be good.
func (f *follower) verdict(ended, exit error, lastWords string) error {
	switch {
	case f.failure != nil:
		return f.failure.asError(f.path)
	case !f.done && exit != nil:
		return f.error(connectors.KindUnavailable, fmt.Errorf("ascp ended without a report: %w%s", exit, said(lastWords)), "")
	case !f.done && !errors.Is(ended, io.EOF):
		return f.error(connectors.KindUnavailable, fmt.Errorf("the reports of ascp broke off: %w", ended), "")
	case !f.done:
		return f.error(connectors.KindIncomplete, fmt.Errorf("ascp ended without saying that it is done%s", said(lastWords)), "")
	case exit != nil:
		return f.error(connectors.KindOther, fmt.Errorf("ascp said that it is done, and failed: %w%s", exit, said(lastWords)), "")
	}
	return nil
}

func (f *follower) error(kind connectors.Kind, err error, remedy string) error {
	return &connectors.Error{Kind: kind, Op: "move by ascp", Path: f.path, Err: err, Remedy: remedy}
}

func said(words string) string {
	if words == "" {
		return ""
	}
	return fmt.Sprintf("; its last words: %s", words)
}
