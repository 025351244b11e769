package local

import (
	"context"
	"io"
	"io/fs"
	"os"
	"runtime"
	"sync/atomic"

	"gantry/connectors"
	"gantry/connectors/promise"
)

// mostHeld is how many files of small uploads a place keeps open at once.
const mostHeld = 64

// A held file is that of a small upload, kept open from Begin to its end: to open it
// anew for each of its calls would cost more than to write it. What is written to it
// is not visible, and the commit finds out whether it is still the one by its name.
type held struct {
	f       *os.File
	root    *grip // in which it is; nil if it is not kept
	count   *atomic.Int32
	cleanup runtime.Cleanup
}

// brief tells whether the upload is one of those whose files are held.
func (u *upload) brief() bool {
	return renamesOpen && u.options.AtOnce && u.options.Size > 0 && u.options.Size <= atOnce && u.place.set.fileMode == 0
}

// hold keeps the file of a small upload open, unless there are too many of them.
func (u *upload) hold(f *os.File, g *grip) bool {
	if !u.brief() {
		return false
	}
	count := &u.place.holding
	if count.Add(1) > mostHeld {
		count.Add(-1)
		return false
	}
	h := &held{f: f, root: g.more(), count: count}
	// If nobody lets go of it, its file is closed when it is collected.
	h.cleanup = runtime.AddCleanup(h, func(of holding) { of.end() }, holding{h.root, count})
	u.held.Store(h)
	return true
}

// Rest implements connectors.Resting. An error of closing is of no use: what counts is
// synced by the commit, which opens the file again.
func (u *upload) Rest() {
	if h := u.held.Swap(nil); h != nil {
		h.cleanup.Stop()
		_ = h.f.Close()
		holding{h.root, h.count}.end()
	}
}

// holding is what a held file takes up beside itself.
type holding struct {
	root  *grip
	count *atomic.Int32
}

func (h holding) end() {
	h.count.Add(-1)
	h.root.letGo()
}

// inHand runs a call on the held file. ok is false if there is none.
func (u *upload) inHand(ctx context.Context, op string, call func(f *os.File) error) (ok bool, err error) {
	h := u.held.Load()
	if h == nil || u.place.closed.Err() != nil {
		return false, nil
	}
	if err := ctx.Err(); err != nil {
		return true, fail(op, u.path, err)
	}
	err = call(h.f)
	runtime.KeepAlive(h)
	return true, u.place.explain(fail(op, u.path, err))
}

// again gives the held file for the commit, if it is still the staged one, and how it is.
func (u *upload) again(g *grip, staged string) (*os.File, fs.FileInfo, error) {
	h := u.held.Load()
	if h == nil {
		f, err := u.openStaged(g.root, staged)
		if err != nil {
			return nil, nil, err
		}
		info, err := f.Stat()
		if err != nil {
			_ = f.Close()
		}
		return f, info, err
	}
	info, err := h.f.Stat()
	if err != nil {
		return nil, nil, err
	}
	if !g.isStaged(info, u.id) {
		g.unstage()
		byName, err := g.root.Lstat(staged)
		if err != nil {
			return nil, nil, err
		}
		if !os.SameFile(byName, info) {
			return nil, nil, connectors.Errorf(connectors.KindNotFound, "commit", u.path, "the staged file has been replaced")
		}
	}
	u.held.Store(nil)
	h.cleanup.Stop()
	holding{h.root, h.count}.end()
	return h.f, info, nil
}

// readHeld streams the held file.
func (u *upload) readHeld(ctx context.Context, f *os.File, offset, length int64) (io.ReadCloser, error) {
	if offset < 0 {
		return nil, connectors.Errorf(connectors.KindInvalid, "open", u.path, "the offset %d is negative", offset)
	}
	h := u.held.Load()
	from := &heldReader{h: h, reader: reader{f: f, from: io.NewSectionReader(f, offset, 1<<62-offset), path: u.path, closed: u.place.closed}}
	return promise.Exactly(ctx, u.path, from, length), nil
}

// A heldReader leaves the file to its upload.
type heldReader struct {
	reader
	h *held // lives as long as it is read
}

func (r *heldReader) Close() error { return nil }
