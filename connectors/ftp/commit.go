package ftp

import (
	"context"
	"fmt"
	"strings"
	"time"

	"gantry/connectors"
	"gantry/connectors/promise"
)

// Commit implements connectors.Upload.
func (u *upload) Commit(ctx context.Context, w connectors.Whole) (connectors.Entry, error) {
	if err := promise.CheckWhole(u.path, w); err != nil {
		return connectors.Entry{}, err
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.aborted {
		return connectors.Entry{}, u.gone("it was aborted")
	}
	if u.committed != nil && ctx.Err() == nil {
		return *u.committed, nil
	}
	if err := u.finishStream(ctx, w); err != nil {
		return connectors.Entry{}, fail("commit", u.path, err)
	}
	commit := u.commit
	if u.place.dropBox {
		commit = u.arrived
	}
	entry, err := ask(ctx, u.place, "commit", u.path, func(s *session) (connectors.Entry, error) { return commit(s, w) })
	if connectors.KindOf(err) == connectors.KindUnavailable && ctx.Err() == nil && !u.place.dropBox {
		entry, err = u.undecided(ctx, w, err)
	}
	if err != nil {
		return connectors.Entry{}, err
	}
	u.committed = &entry
	return entry, nil
}

func (u *upload) finishStream(ctx context.Context, w connectors.Whole) error {
	st := u.stream
	if st == nil {
		return ctx.Err()
	}
	if st.at < w.Size {
		return promise.CheckLength(u.path, st.at, w)
	}
	u.stream = nil
	u.length = -1
	return st.finish(ctx)
}

func (u *upload) commit(s *session, w connectors.Whole) (connectors.Entry, error) {
	t, err := u.finish(s, w)
	if err != nil {
		return connectors.Entry{}, err
	}
	if entry, done, err := u.publishAtOnce(s, t); err != nil || done {
		return u.asSent(entry, w, err)
	}
	if err := u.place.inFolder(s, u.path, func() error { return u.publish(s) }); err != nil {
		if length, failed := u.place.length(s, u.target()); failed == nil && length < 0 && codeOf(err) != 0 {
			return connectors.Entry{}, u.gone("nothing of it is there any more")
		}
		return connectors.Entry{}, s.inTheWay("commit", u.path, err)
	}
	return u.visible(s, w)
}

// visible describes the file that is there now.
func (u *upload) visible(s *session, w connectors.Whole) (connectors.Entry, error) {
	entry, err := u.place.file(s, "commit", u.path)
	return u.asSent(entry, w, err)
}

// asSent refuses a file of another length.
func (u *upload) asSent(entry connectors.Entry, w connectors.Whole, err error) (connectors.Entry, error) {
	if err == nil && entry.Size != w.Size {
		err = connectors.Errorf(connectors.KindIntegrity, "commit", u.path, "the server says that it has %d bytes; %d were sent", entry.Size, w.Size)
	}
	return entry, err
}

// finish makes the staged file what the object shall be, save for its time, which it
// gives.
func (u *upload) finish(s *session, w connectors.Whole) (t time.Time, err error) {
	has := u.length
	if has < 0 {
		if has, err = u.place.length(s, u.target()); err != nil {
			return t, err
		}
	}
	if has < 0 && len(w.Parts) > 0 {
		if err := u.settle(s); err != nil {
			return t, err
		}
		return t, u.gone("nothing of it is there")
	}
	if has < 0 || has > 0 && w.Size == 0 { // a file without a byte
		if has, err = u.place.write(s, u.target(), -1, connectors.Part{Number: 1}, strings.NewReader("")); err != nil {
			return t, err
		}
	}
	if has < w.Size && u.place.whole.Load() {
		return t, u.gone("the server has not all of it, and lets nothing be added")
	}
	if err := promise.CheckLength(u.path, has, w); err != nil {
		return t, err
	}
	if has > w.Size {
		return t, connectors.Errorf(connectors.KindNotFound, "commit", u.path, "the server has %d bytes where %d were wanted, and FTP cannot shorten a file; begin again", has, w.Size)
	}
	t = promise.ModTime(u.options, w)
	if t.IsZero() && u.outdated.Load() {
		t = u.place.pool.now()
	}
	return t, nil
}

// publish renames the staged file to its path. The protocol cannot refuse to
// replace a file: between the question and the rename somebody may be faster.
func (u *upload) publish(s *session) error {
	if u.options.Exclusive {
		if length, err := u.place.length(s, u.path); err != nil || length >= 0 {
			if err == nil {
				err = connectors.Errorf(connectors.KindExists, "commit", u.path, "there is a file already")
			}
			return err
		}
		return rename(s, u.target(), u.path)
	}
	if err := u.place.replace(s, u.target(), u.path, backupOf(u.id)); err != nil {
		return err
	}
	return u.settle(s) // an earlier attempt may have been interrupted
}

// inTheWay tells of a folder at the path, or of a name that is too long, which
// servers refuse in many words.
func (s *session) inTheWay(op, path string, err error) error {
	kind := connectors.KindOf(err)
	switch {
	case codeOf(err) == 0, kind == connectors.KindExists, kind == connectors.KindInvalid:
		return err
	case longest(path) > maxName:
		return connectors.Errorf(connectors.KindInvalid, op, path, "a name in it is longer than %d bytes: %w", maxName, translated(err))
	case s.enter(path) == nil:
		return connectors.Errorf(connectors.KindExists, op, path, "a folder is there: %w", translated(err))
	default:
		return unexplained(op, path, err)
	}
}

// maxName is what most file systems take, in bytes.
const maxName = 255

func longest(path string) (bytes int) {
	for element := range strings.SplitSeq(path, "/") {
		bytes = max(bytes, len(element))
	}
	return bytes
}

// undecided looks, on another connection, what became of a commit whose reply was
// lost: the staged file is gone, and a file of its length is at the path.
func (u *upload) undecided(ctx context.Context, w connectors.Whole, lost error) (connectors.Entry, error) {
	return ask(ctx, u.place, "commit", u.path, func(s *session) (connectors.Entry, error) {
		length, err := u.place.length(s, u.target())
		if err != nil || length >= 0 {
			return connectors.Entry{}, lost
		}
		entry, err := u.visible(s, w)
		if err != nil {
			return entry, fmt.Errorf("%w; and then: %w", lost, err)
		}
		return entry, nil
	})
}

// arrived ends an upload to a drop box. The proof is what the server said at the
// end of the transfer, and the length, if it tells.
func (u *upload) arrived(s *session, w connectors.Whole) (connectors.Entry, error) {
	if u.length < 0 && len(w.Parts) == 0 {
		if err := u.place.sendAnew(s, u.path, strings.NewReader("")); err != nil {
			return connectors.Entry{}, err
		}
	}
	if err := u.place.setTime(s, u.path, promise.ModTime(u.options, w)); err != nil {
		return connectors.Entry{}, err
	}
	entry, err := u.place.file(s, "commit", u.path)
	if codeOf(err) != 0 || connectors.KindOf(err) == connectors.KindNotFound {
		return connectors.Entry{Path: u.path, Size: w.Size, ModTime: promise.ModTime(u.options, w)}, nil
	}
	if err == nil && entry.Size != w.Size {
		err = connectors.Errorf(connectors.KindIntegrity, "commit", u.path, "the server says that it has %d bytes; %d were sent", entry.Size, w.Size)
	}
	return entry, err
}
