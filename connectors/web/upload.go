package web

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"sync"

	"gantry/connectors"
	"gantry/connectors/promise"
)

// held is how many bytes at the end of a file are kept back until Commit. A file
// that is no longer is sent at Commit, in one go.
const held = 256 << 10

// An upload is one PUT request that lasts until Commit. It may be used by many
// goroutines at once, but parts come in order.
type upload struct {
	to   goal
	path string
	id   string
	o    connectors.UploadOptions

	mu      sync.Mutex
	parts   map[int]connectors.Part
	tail    bytes.Buffer // written and not sent
	sent    int64
	flow    *flow
	ending  <-chan ending    // of the flow, once its last bytes are on their way
	before  connectors.Entry // what was at the path before the request; zero if nothing
	looked  bool             // for it
	put     bool             // the server has the whole file at target
	filled  bool             // as a copy that it made itself
	pending bool             // it said so by 202: it will have it some time
	entry   *connectors.Entry
	broken  error
	cleaned bool // nothing of an aborted upload is left
}

// A goal is where an upload goes.
type goal struct {
	w       *wire
	url     *url.URL          // of the PUT
	headers map[string]string // further ones
	bare    bool              // the URL says who we are
	staged  bool              // the URL is not that of the file yet
	prepare func(ctx context.Context) error
	done    func()                                                     // told of a commit; may be nil
	look    func(ctx context.Context, a ask) (connectors.Entry, error) // what is at the path; nil where nobody may ask
}

// Begin implements connectors.Sink. Nothing is sent yet. No upload can be taken up
// again: what one on a WebDAV server left behind is removed then.
func (p *place) Begin(ctx context.Context, path string, o connectors.UploadOptions) (connectors.Upload, error) {
	path, err := clean(ctx, "begin", path)
	if err != nil {
		return nil, err
	}
	if o.Resume != "" {
		return nil, p.noResume(ctx, path, o.Resume)
	}
	if p.doubt != nil {
		return nil, p.doubt
	}
	u := newUpload(path, o, goal{w: p.wire, url: p.url(path), done: func() { p.seen.forget(path) }})
	if !p.writeOnly {
		u.to.look = func(ctx context.Context, a ask) (connectors.Entry, error) { return p.stat(ctx, a, path) }
	}
	if p.dav {
		u.to.url, u.to.staged, u.to.prepare = p.url(promise.StagedPath(u.id)), true, p.staging
		return &davUpload{u, p}, nil
	}
	return u, nil
}

func newUpload(path string, o connectors.UploadOptions, to goal) *upload {
	return &upload{to: to, path: path, id: promise.NewID(path), o: o, parts: map[int]connectors.Part{}}
}

func (p *place) noResume(ctx context.Context, path, id string) error {
	if err := promise.CheckID(id, path); err != nil {
		return err
	}
	if p.dav {
		if err := p.discard(ctx, id); err != nil {
			return err
		}
	}
	return connectors.Errorf(connectors.KindNotFound, "take up upload of", path, "an upload to a web server ends with its connection; begin again")
}

// ID implements connectors.Upload.
func (u *upload) ID() string { return u.id }

// Parts implements connectors.Upload: a web server tells none.
func (u *upload) Parts(context.Context) ([]connectors.Part, error) { return nil, nil }

// WritePart implements connectors.Upload. It returns when the part is on its way, but
// for the bytes that are held back; it does not survive this process.
func (u *upload) WritePart(ctx context.Context, p connectors.Part, r io.ReadSeeker) (connectors.Part, error) {
	if err := promise.Check(u.path, p); err != nil {
		return p, err
	}
	if err := ctx.Err(); err != nil {
		return p, promise.Ended("write part of", u.path, err)
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if err := u.writable(p); err != nil {
		return p, err
	}
	if err := u.take(ctx, p, r); err != nil {
		u.undo(p, err)
		return p, err
	}
	u.parts[p.Number] = p
	return p, nil
}

func (u *upload) written() int64 { return u.sent + int64(u.tail.Len()) }

// writable checks that a part goes on where the upload is, or replaces what has not
// been sent.
func (u *upload) writable(p connectors.Part) error {
	switch {
	case u.broken != nil:
		return u.gone()
	case u.put || u.ending != nil || u.entry != nil:
		return connectors.Errorf(connectors.KindInvalid, "write part of", u.path, "the upload is whole already")
	case u.o.Size >= 0 && p.Offset+p.Size > u.o.Size:
		return connectors.Errorf(connectors.KindInvalid, "write part of", u.path, "part %d ends at %d, and the file has %d bytes", p.Number, p.Offset+p.Size, u.o.Size)
	case p.Offset > u.written():
		return connectors.Errorf(connectors.KindInvalid, "write part of", u.path, "part %d begins at %d, and the next byte is %d: send the parts in order", p.Number, p.Offset, u.written())
	case p.Offset < u.sent:
		return u.fail(connectors.Errorf(connectors.KindUnsupported, "write part of", u.path, "part %d has been sent; begin again", p.Number))
	}
	u.tail.Truncate(int(p.Offset - u.sent))
	return nil
}

func (u *upload) take(ctx context.Context, p connectors.Part, r io.Reader) error {
	source := promise.NewPartReader(ctx, u.path, p, r)
	buffer := make([]byte, min(p.Size, 128<<10))
	for left := p.Size; left > 0; {
		n, err := io.ReadFull(source, buffer[:min(left, int64(len(buffer)))])
		if err != nil {
			return err
		}
		left -= int64(n)
		u.tail.Write(buffer[:n])
		if surplus := u.tail.Len() - held; surplus > 0 {
			if err := u.push(ctx, u.tail.Next(surplus)); err != nil {
				return err
			}
		}
	}
	return nil
}

// undo takes a part back that did not come whole, if nothing of it has been sent.
func (u *upload) undo(p connectors.Part, why error) {
	if u.broken == nil && u.sent <= p.Offset {
		u.tail.Truncate(int(p.Offset - u.sent))
		return
	}
	_ = u.fail(why)
}

// fail ends the upload for good.
func (u *upload) fail(why error) error {
	if u.broken == nil {
		u.broken = why
	}
	if u.flow != nil {
		u.flow.abandon()
	}
	u.tail.Reset()
	return why
}

func (u *upload) gone() error {
	return connectors.Errorf(connectors.KindNotFound, "use upload of", u.path, "it is gone (%w); begin again", u.broken)
}

var errAborted = errors.New("it was aborted")

// push sends bytes; the first of them begin the request.
func (u *upload) push(ctx context.Context, data []byte) error {
	if u.flow == nil {
		if err := u.begin(ctx); err != nil {
			return err
		}
	}
	if err := u.flow.push(ctx, data); err != nil {
		return u.fail(err)
	}
	u.sent += int64(len(data))
	return nil
}

func (u *upload) begin(ctx context.Context) error {
	if err := u.ready(ctx); err != nil {
		return err
	}
	a := u.request(u.o.Size)
	a.header.Set("Expect", "100-continue")
	var err error
	u.flow, err = u.to.w.start(ctx, a)
	return err
}

// ready makes what has to be there, or looks at what is there, before the first byte.
func (u *upload) ready(ctx context.Context) (err error) {
	if u.to.prepare != nil {
		return u.to.prepare(ctx)
	}
	if u.to.look == nil || u.looked {
		return nil
	}
	u.before, err = u.to.look(ctx, ask{op: "begin"})
	switch {
	case err == nil && u.o.Exclusive:
		return u.fail(connectors.Errorf(connectors.KindExists, "write part of", u.path, "there is a file already"))
	case connectors.KindOf(err) == connectors.KindNotFound:
		u.before, err = connectors.Entry{}, nil
	}
	u.looked = err == nil
	return err
}

// request is the PUT of size bytes.
func (u *upload) request(size int64) ask {
	h := http.Header{"Content-Type": {"application/octet-stream"}}
	if u.o.ContentType != "" {
		h.Set("Content-Type", u.o.ContentType)
	}
	if u.o.Exclusive && !u.to.staged {
		h.Set("If-None-Match", "*")
	}
	for name, value := range u.to.headers {
		h.Set(name, value)
	}
	return ask{op: "write", path: u.path, method: http.MethodPut, url: u.to.url, header: h, size: size, bare: u.to.bare}
}
