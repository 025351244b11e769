package ftp

import (
	"context"
	"io"
	"path"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"

	"gantry/connectors"
	"gantry/connectors/promise"
)

// upload is a file in the staging folder, or, in a drop box, under its own name. It
// holds no connection between calls, unless it is sent in one go; see stream.go.
type upload struct {
	place    *place
	id, path string
	options  connectors.UploadOptions

	mu        sync.Mutex // held by each call that changes anything
	length    int64      // of the staged file as far as we know; -1 = to be asked for
	stream    *stream    // nil unless the file is sent in one go
	committed *connectors.Entry
	aborted   bool
	outdated  atomic.Bool // the staged file was given another time than that of its last byte
	contended bool        // an earlier connection may still write what it was sent
}

var (
	_ connectors.Upload       = (*upload)(nil)
	_ connectors.Staged       = (*upload)(nil)
	_ connectors.StagedHasher = (*upload)(nil)
)

// Begin implements connectors.Sink. For a small file nothing is asked of the server
// before its first part, so that it needs one transfer and no more; such an upload
// can be taken up once it has got a part.
func (p *place) Begin(ctx context.Context, path string, o connectors.UploadOptions) (connectors.Upload, error) {
	path, err := p.clean(path)
	if err != nil {
		return nil, err
	}
	u := &upload{place: p, id: o.Resume, path: path, options: o, length: -1, contended: o.Resume != ""}
	if o.Resume != "" {
		return u, u.takeUp(ctx)
	}
	if p.dropBox && o.Exclusive {
		return nil, connectors.Errorf(connectors.KindUnsupported, "begin", path, "a drop box does not tell whether there is a file already (option dropBox)")
	}
	u.id = promise.NewID(path)
	if err := ctx.Err(); err != nil {
		return nil, fail("begin", path, err)
	}
	if p.dropBox || p.whole.Load() || o.Size >= 0 && o.Size <= small {
		return u, nil
	}
	return u, p.do(ctx, "begin", path, func(s *session) error {
		if o.Size >= worthAsking {
			if err := room(s, o.Size); err != nil {
				return err
			}
		}
		u.length, err = p.write(s, u.target(), -1, connectors.Part{Number: 1}, strings.NewReader(""))
		return err
	})
}

const (
	small       = 256 << 10 // bytes of a file that is sent again rather than taken up
	worthAsking = 8 << 20   // bytes from which on it pays to ask for room beforehand
)

// room asks for room. Most servers say yes to whatever they are asked.
func room(s *session, size int64) error {
	r, err := s.control.ask("ALLO %d", size)
	if err == nil && (r.code == 552 || r.code == 452) {
		return &replyError{r.code, "no space: " + r.text()}
	}
	return err
}

// target is where the bytes go.
func (u *upload) target() string {
	if u.place.dropBox {
		return u.path
	}
	return promise.StagedPath(u.id)
}

// takeUp checks that an earlier upload is still there.
func (u *upload) takeUp(ctx context.Context) error {
	if err := promise.CheckID(u.id, u.path); err != nil {
		return err
	}
	if u.place.whole.Load() {
		return u.gone("the server lets nothing be added to it")
	}
	return u.place.do(ctx, "take up upload of", u.path, func(s *session) error {
		length, err := u.place.length(s, u.target())
		if err == nil && length < 0 {
			err = u.settle(s)
			if err == nil {
				err = u.gone("it is not there")
			}
		}
		return err // the length is asked for again: it may still grow
	})
}

func (u *upload) gone(why string) error {
	return connectors.Errorf(connectors.KindNotFound, "take up upload of", u.path, "%s; begin again", why)
}

// length gives the bytes of a file, -1 if there is none.
func (p *place) length(s *session, path string) (int64, error) {
	size, err := s.size(path)
	if unknown(err) {
		var entry connectors.Entry
		entry, err = p.file(s, "stat", path)
		size = entry.Size
	}
	if connectors.KindOf(missing("stat", path, err)) == connectors.KindNotFound {
		return -1, nil
	}
	return size, err
}

// ID implements connectors.Upload.
func (u *upload) ID() string { return u.id }

// Parts implements connectors.Upload: a file does not tell in which parts it came.
func (u *upload) Parts(ctx context.Context) ([]connectors.Part, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.aborted {
		return nil, u.gone("it was aborted")
	}
	if u.place.dropBox || u.stream != nil || u.length < 0 {
		return nil, fail("list parts of", u.path, ctx.Err())
	}
	return nil, u.place.do(ctx, "list parts of", u.path, func(s *session) error {
		length, err := u.place.length(s, u.target())
		if err == nil && length < 0 {
			err = u.gone("it is not there")
		}
		return err
	})
}

// OpenStaged implements connectors.Staged.
func (u *upload) OpenStaged(ctx context.Context, offset, length int64) (io.ReadCloser, error) {
	if u.place.dropBox {
		return nil, unreadable(u.path)
	}
	if !u.place.readsStaged() {
		if err := u.rest(ctx); err != nil {
			return nil, err
		}
	}
	return u.place.read(ctx, u.target(), u.path, offset, length, u.sentWhole())
}

// sentWhole is the length of a small file of which all has arrived, as the server has
// said; -1 if it has to be asked for.
func (u *upload) sentWhole() int64 {
	if !u.mu.TryLock() {
		return -1
	}
	defer u.mu.Unlock()
	if u.contended || u.length <= 0 || u.length > small || u.length != u.options.Size {
		return -1
	}
	return u.length
}

// Abort implements connectors.Upload. In a drop box what was sent is removed, if
// the server lets it be; it may be seen until then.
func (u *upload) Abort(ctx context.Context) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.aborted = true
	u.endStream()
	if u.place.dropBox && (u.committed != nil || u.length < 0) {
		return fail("abort", u.path, ctx.Err())
	}
	return u.place.do(ctx, "abort", u.path, func(s *session) error {
		if err := u.settle(s); err != nil {
			return err
		}
		return u.place.removeFile(s, u.target())
	})
}

// removeFile is no error if there is none.
func (p *place) removeFile(s *session, path string) error {
	err := ignoreGood(s.lib.Delete(s.abs(path)))
	if codeOf(err) == 0 {
		return err
	}
	length, failed := p.length(s, path)
	if failed != nil {
		return failed
	}
	if length < 0 {
		return nil
	}
	return err
}

// inFolder runs put, which puts a file at a path, and makes the folders that it
// lacks.
func (p *place) inFolder(s *session, name string, put func() error) error {
	err := put()
	if code := codeOf(err); code != 450 && code != 451 && code != 550 && code != 553 {
		return err
	}
	if !p.create {
		if failed := s.enter(""); codeOf(failed) != 0 {
			return p.noRoot(failed)
		}
	}
	if failed := s.makeFolder(path.Dir(s.abs(name))); failed != nil {
		return failed
	}
	return put()
}

// enter is an error unless there is a folder at a path of the place. MLST is asked
// where it is known: Pure-FTPd answers CWD the slower the more often it fails.
func (s *session) enter(path string) error { return s.enterAbs(s.abs(path)) }

func (s *session) enterAbs(dir string) error {
	if dir == "/" {
		return nil
	}
	if !s.facts.has("MLST") {
		_, err := s.control.must("CWD %s", dir)
		return err
	}
	r, err := s.control.must("MLST %s", dir)
	if err == nil && !folderFact.MatchString(r.text()) {
		err = &replyError{550, "not a directory"}
	}
	return err
}

var folderFact = regexp.MustCompile(`(?i)\btype=[cp]?dir;`)

// makeFolder makes an absolute folder and those above it, where they are not there.
func (s *session) makeFolder(dir string) error {
	_, err := s.control.must("MKD %s", dir)
	if err == nil || codeOf(err) == 0 {
		return err
	}
	kind := connectors.KindOf(fail("make folder", dir, err))
	if kind != connectors.KindNotFound {
		if there := s.enterAbs(dir); there == nil || codeOf(there) == 0 {
			return there
		}
	}
	if kind == connectors.KindExists {
		return connectors.Errorf(connectors.KindInvalid, "make folder", dir, "a file stands where a folder is needed")
	}
	if above := path.Dir(dir); above != "/" {
		if failed := s.makeFolder(above); failed != nil {
			return failed
		}
		if _, err = s.control.must("MKD %s", dir); codeOf(err) != 0 && s.enterAbs(dir) == nil { // somebody was faster
			err = nil
		}
	}
	if codeOf(err) != 0 {
		if _, failed := s.sizeOf(dir); failed == nil {
			return connectors.Errorf(connectors.KindInvalid, "make folder", dir, "a file stands where a folder is needed")
		}
	}
	return unexplained("make folder", dir, err)
}
