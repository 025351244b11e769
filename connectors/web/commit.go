package web

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"time"

	"gantry/connectors"
	"gantry/connectors/promise"
)

// Commit implements connectors.Upload: it sends what was held back, and waits for
// the server's word that it has the file.
func (u *upload) Commit(ctx context.Context, w connectors.Whole) (connectors.Entry, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.commit(ctx, w, u.described)
}

// commit makes the file whole, and then has reveal show it.
func (u *upload) commit(ctx context.Context, w connectors.Whole, reveal func(context.Context, connectors.Whole) (connectors.Entry, error)) (connectors.Entry, error) {
	if err := ctx.Err(); err != nil {
		return connectors.Entry{}, promise.Ended("commit", u.path, err)
	}
	switch {
	case u.entry != nil:
		return *u.entry, nil
	case u.broken != nil:
		return connectors.Entry{}, u.gone()
	}
	if err := u.check(w); err != nil {
		return connectors.Entry{}, err
	}
	if err := u.complete(ctx, w.Digests); err != nil {
		return connectors.Entry{}, err
	}
	e, err := reveal(ctx, w)
	if err != nil {
		return connectors.Entry{}, err
	}
	u.entry = &e
	if u.to.done != nil {
		u.to.done()
	}
	return e, nil
}

// check compares what shall be committed with what was written.
func (u *upload) check(w connectors.Whole) error {
	if err := promise.CheckWhole(u.path, w); err != nil {
		return err
	}
	for _, p := range w.Parts {
		if u.filled {
			break
		}
		if ours, ok := u.parts[p.Number]; !ok || ours.Offset != p.Offset || ours.Size != p.Size {
			return connectors.Errorf(connectors.KindIncomplete, "commit", u.path, "part %d of %d bytes at %d was not written", p.Number, p.Size, p.Offset)
		}
	}
	if w.Size != u.written() && !u.put || u.o.Size >= 0 && w.Size != u.o.Size {
		return connectors.Errorf(connectors.KindInvalid, "commit", u.path, "the whole has %d bytes, and %d of %d were written", w.Size, u.written(), u.o.Size)
	}
	return nil
}

// complete sees to it that the server has all at the target. It may be called again.
func (u *upload) complete(ctx context.Context, sums connectors.Digests) error {
	if u.put {
		return nil
	}
	if u.o.Exclusive && !u.to.staged && u.to.look != nil && u.ending == nil {
		if err := u.stillFree(ctx); err != nil {
			return err
		}
	}
	a := u.request(int64(u.tail.Len()))
	r, err := u.last(ctx, a, sums)
	if err != nil {
		return err
	}
	switch r.StatusCode {
	case http.StatusOK, http.StatusCreated, http.StatusNoContent:
	case http.StatusAccepted:
		u.pending = true
	default:
		return u.refusal(a, r)
	}
	_ = r.finish()
	u.put = true
	u.sent += int64(u.tail.Len())
	u.tail.Reset()
	return nil
}

// last sends what is left: the end of a request under way, or all of it.
func (u *upload) last(ctx context.Context, a ask, sums connectors.Digests) (*answer, error) {
	if u.flow != nil {
		return u.lastOfFlow(ctx)
	}
	if !u.o.Exclusive || u.to.staged { // otherwise complete has looked
		if err := u.ready(ctx); err != nil {
			return nil, err
		}
	}
	for name, value := range map[string]string{"Repr-Digest": reprDigest(sums), "Content-MD5": contentMD5(sums)} {
		if value != "" {
			a.header.Set(name, value)
		}
	}
	if a.size > 0 {
		a.body = bytes.NewReader(u.tail.Bytes())
	}
	return u.to.w.send(ctx, a)
}

// lastOfFlow may be called again when ctx ended before the answer came.
func (u *upload) lastOfFlow(ctx context.Context) (*answer, error) {
	if u.ending == nil {
		u.ending = u.flow.end(bytes.Clone(u.tail.Bytes()))
	}
	select {
	case e := <-u.ending:
		if e.err != nil {
			return nil, u.fail(e.err)
		}
		return e.r, nil
	case <-ctx.Done():
		return nil, promise.Ended("commit", u.path, ctx.Err())
	}
}

// refusal judges an answer to the PUT. One to a request that has taken bytes along
// ends the upload.
func (u *upload) refusal(a ask, r *answer) error {
	e := u.to.w.refused(a, r)
	switch {
	case r.StatusCode == http.StatusPreconditionFailed, r.StatusCode == http.StatusConflict && u.o.Exclusive && !u.to.staged:
		e.Kind = connectors.KindExists
	case r.StatusCode == http.StatusConflict:
		e.Remedy = "make the folder that it shall lie in, or have the server do so"
	}
	if tooLong(u.path) && e.Kind != connectors.KindAuth {
		e.Kind, e.Remedy = connectors.KindInvalid, "shorten the name: few servers take more than 255 bytes"
	}
	if u.flow != nil {
		return u.fail(e)
	}
	return e
}

// tooLong tells whether a path has an element that no common file system takes, so
// that a refusal may be for that.
func tooLong(path string) bool {
	for element := range strings.SplitSeq(path, "/") {
		if len(element) > 255 {
			return true
		}
	}
	return false
}

// stillFree looks before the last bytes are sent: few servers keep If-None-Match
// until then.
func (u *upload) stillFree(ctx context.Context) error {
	_, err := u.to.look(ctx, ask{op: "commit", slotted: u.flow != nil})
	switch connectors.KindOf(err) {
	case connectors.KindNotFound:
		return nil
	case "":
		err = connectors.Errorf(connectors.KindExists, "commit", u.path, "there is a file meanwhile")
		return u.fail(err)
	}
	return err
}

// described is the file as the server shows it.
func (u *upload) described(ctx context.Context, w connectors.Whole) (connectors.Entry, error) {
	if u.to.look == nil {
		return connectors.Entry{Path: u.path, Size: w.Size, ModTime: u.to.w.now().UTC().Truncate(time.Second)}, nil
	}
	e, err := u.to.look(ctx, ask{op: "commit"})
	old := u.before.Path != "" && e.SameVersion(u.before)
	if u.pending && (connectors.KindOf(err) == connectors.KindNotFound || err == nil && (e.Size != w.Size || old)) {
		return e, u.notYet()
	}
	if connectors.KindOf(err) == connectors.KindNotFound {
		return e, connectors.Errorf(connectors.KindIntegrity, "commit", u.path, "the server said that it has the file, and does not find it")
	}
	return e, err
}

func (u *upload) notYet() error {
	return connectors.Errorf(connectors.KindBusy, "commit", u.path, "the server has taken the file and not stored it yet (202)")
}

// Abort implements connectors.Upload: it cuts the connection, so that the server
// sees that the file is not whole. A server that stores in place may keep a
// fragment; that is an error. Called again, it tries again to remove what is left.
func (u *upload) Abort(ctx context.Context) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.abort(ctx, u.fragment)
}

func (u *upload) abort(ctx context.Context, clean func(context.Context) error) error {
	if u.entry != nil {
		return nil
	}
	if u.broken != errAborted {
		refused := connectors.KindOf(u.broken) == connectors.KindExists
		u.broken = nil
		_ = u.fail(errAborted)
		u.cleaned = u.flow == nil && !u.put || refused
	}
	if u.cleaned {
		return nil
	}
	if u.flow != nil {
		u.flow.drop(ctx)
	}
	err := clean(ctx)
	u.cleaned = err == nil
	return err
}

// fragment looks whether the server keeps what was sent. What is there is not
// removed: it may be somebody else's.
func (u *upload) fragment(ctx context.Context) error {
	if u.to.look == nil {
		return nil
	}
	e, err := u.to.look(ctx, ask{op: "abort"})
	if connectors.KindOf(err) == connectors.KindNotFound {
		return nil
	}
	if err != nil || e.SameVersion(u.before) || e.Size > u.sent {
		return err
	}
	return &connectors.Error{
		Kind: connectors.KindOther, Op: "abort", Path: u.path,
		Err:    connectors.Errorf(connectors.KindIncomplete, "stat", u.path, "the server stores in place: a file of %d bytes appeared there meanwhile", e.Size),
		Remedy: "look at it, and remove it if it is a fragment",
	}
}
