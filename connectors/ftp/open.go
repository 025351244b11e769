package ftp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/jlaffaye/ftp"

	"gantry/connectors"
)

// Open implements connectors.Source.
func (p *place) Open(ctx context.Context, path string, offset, length int64) (io.ReadCloser, error) {
	path, err := p.clean(path)
	if err != nil {
		return nil, err
	}
	if p.dropBox {
		return nil, unreadable(path)
	}
	return p.read(ctx, path, path, offset, length, -1)
}

func unreadable(path string) error {
	return connectors.Errorf(connectors.KindUnsupported, "open", path, "nothing is read from a drop box (option dropBox)")
}

// read streams the file at from; errors name it path. has is its size if it is known and
// nobody else writes it, else -1.
func (p *place) read(ctx context.Context, from, path string, offset, length, has int64) (io.ReadCloser, error) {
	if offset < 0 {
		return nil, connectors.Errorf(connectors.KindInvalid, "open", path, "the offset %d is negative", offset)
	}
	s, err := p.pool.take(ctx, true)
	if err != nil {
		return nil, fail("open", path, err)
	}
	d := &download{ctx: ctx, place: p, s: s, from: from, path: path, at: offset, since: offset, pace: pace{fast: p.fast}}
	d.stop = s.until(ctx)
	size := has
	if has < 0 {
		err = s.warm(length >= 0 && length <= small, func() (err error) {
			size, err = d.look()
			return err
		})
	}
	if err == nil {
		err = d.plan(size, length)
	}
	if err == nil && d.left > 0 {
		d.body, err = s.retrieve(from, offset)
	}
	if err != nil {
		d.finish()
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return nil, missing("open", path, err)
	}
	if d.left == 0 {
		d.finish()
	}
	return d, nil
}

// download reads a file, or a part of it, over one session.
type download struct {
	ctx   context.Context
	place *place
	stop  func() bool
	from  string
	path  string

	body *ftp.Response
	s    *session
	at   int64 // of the next byte
	left int64 // bytes to come
	tail bool  // they end where the file did when it was opened
	more bool  // what the file has got meanwhile is wanted, too
	err  error

	entry   connectors.Entry // when it was opened
	pinned  bool             // nothing but the entry is wanted
	pace    pace             // of the first transfer
	since   int64            // where the session was taken
	besides pace             // of the segments
	beside  *segments        // nil unless the file is read over several sessions
	helper  chan *session    // gets the first of them; nil unless it was asked for

	once sync.Once
}

// look tells the size, and that there is a file.
func (d *download) look() (int64, error) {
	entry, err := d.place.file(d.s, "open", d.from)
	d.entry = entry
	if err == nil && entry.Size < 0 {
		err = connectors.Errorf(connectors.KindUnsupported, "open", d.path, "the server does not tell how long the file is")
	}
	return entry.Size, err
}

func (d *download) plan(size, length int64) error {
	d.left, d.more = length, length < 0
	if d.more {
		d.left = max(size-d.at, 0)
	}
	if d.at+d.left > size {
		// What there is is read, so that whoever reads gets as far as one can.
		d.err = connectors.Errorf(connectors.KindIncomplete, "read", d.path, "it ends after %d of %d bytes", max(size-d.at, 0), d.left)
		d.left = max(size-d.at, 0)
	}
	d.tail = d.at+d.left == size
	if d.at > 0 && d.left > 0 {
		return d.place.canRestart(d.s, d.from, size)
	}
	return nil
}

// retrieve begins a transfer.
func (s *session) retrieve(path string, offset int64) (*ftp.Response, error) {
	return s.lib.RetrFrom(s.abs(path), uint64(offset))
}

// canRestart finds out, once for a place, whether REST does what it says: the last
// byte of the file is asked for, and nothing else must come but what it has grown by
// meanwhile. A server that begins at the beginning would have us take the wrong bytes
// for the right ones.
func (p *place) canRestart(s *session, path string, size int64) error {
	if p.restarts.Load() || size < 2 {
		return nil
	}
	body, err := s.retrieve(path, size-1)
	if err != nil {
		return err
	}
	const tooMuch = 4 << 20 // bytes for a file to have grown by
	most := min(size, tooMuch)
	n, err := io.Copy(io.Discard, io.LimitReader(body, most))
	if n == most {
		s.abort()
		return &connectors.Error{
			Kind: connectors.KindUnsupported, Op: "open", Path: path, Err: errors.New("the server begins at the beginning when it is asked to go on (REST)"),
			Remedy: "files can be read there as a whole only",
		}
	}
	if closed := ignoreGood(body.Close()); err == nil {
		err = closed
	}
	if err == nil && n > 0 {
		p.restarts.Store(true)
	}
	return err
}

// Read implements io.Reader.
func (d *download) Read(b []byte) (int, error) {
	if err := d.ctx.Err(); err != nil {
		return 0, fail("read", d.path, err)
	}
	if d.left == 0 && (d.body == nil || !d.more) {
		return 0, d.end(d.err)
	}
	if len(b) == 0 {
		return 0, nil
	}
	if !d.more || d.left > 0 {
		b = b[:min(int64(len(b)), d.left)]
	}
	if n, err, handled := d.readBeside(b); handled {
		return n, err
	}
	if d.at-d.since >= turn && !d.more && d.place.pool.wanted() {
		if err := d.giveWay(); err != nil {
			return 0, d.end(fail("read", d.path, err))
		}
	}
	n, err := d.pace.read(d.body, b)
	d.at += int64(n)
	d.left = max(d.left-int64(n), 0)
	switch {
	case err == io.EOF && d.left > 0:
		return n, d.end(d.unless(cut("read", d.path, "the server ends it %d bytes early%s", d.left, d.why())))
	case err == io.EOF:
		return n, d.end(d.complete())
	case err != nil:
		return n, d.end(d.broken(err))
	case d.left == 0 && d.tail && !d.more:
		if err := d.last(); err != nil && d.pinned {
			return 0, err
		} else if err != nil {
			return n, err
		}
		return n, nil
	default:
		return n, nil
	}
}

// last reads on after the last byte that was wanted, if it is the file's last: the
// server shall say that the transfer was complete.
func (d *download) last() error {
	n, err := d.body.Read(make([]byte, 1))
	switch {
	case n == 0 && err == io.EOF:
		err := d.complete()
		if err == nil {
			err = d.still()
		}
		if err != nil {
			return d.end(err)
		}
		d.finish()
		return nil
	case n == 0 && err != nil:
		return d.end(d.broken(err))
	case d.pinned:
		return d.end(connectors.Errorf(connectors.KindChanged, "read", d.path, "it has more than %d bytes by now", d.entry.Size))
	default: // it has grown
		return nil
	}
}

// complete reads what the server says after the last byte.
func (d *download) complete() error {
	body := d.body
	d.body = nil
	if err := ignoreGood(body.Close()); err != nil {
		return cut("read", d.path, "all bytes came, but the server does not say so: %w", translated(err))
	}
	return d.err
}

// why is what the server says of a transfer that ended early.
func (d *download) why() string {
	body := d.body
	d.body = nil
	if err := body.Close(); err != nil {
		return ": " + translated(err).Error()
	}
	return ", and says that it is complete"
}

// broken is for a data connection that was lost. What the server says of it goes
// first.
func (d *download) broken(err error) error {
	if d.ctx.Err() != nil {
		return fail("read", d.path, d.ctx.Err())
	}
	if errors.Is(err, io.ErrUnexpectedEOF) { // TLS without its end
		return cut("read", d.path, "the connection was cut")
	}
	return fail("read", d.path, d.place.lost(fmt.Errorf("data connection: %w", err)))
}

// end gives the session back and remembers the error; io.EOF if there is none.
func (d *download) end(err error) error {
	d.finish()
	if err == nil {
		err = io.EOF
	}
	d.err, d.left, d.more = err, 0, false
	return err
}

// Close implements io.Closer. A transfer that is under way is cut short, which
// nobody waits for.
func (d *download) Close() error {
	d.finish()
	return nil
}

// finish gives the session back, once.
func (d *download) finish() {
	d.once.Do(func() {
		d.stop()
		d.endBeside()
		if d.s == nil {
			return
		}
		body := d.body
		d.body = nil
		if body == nil {
			d.place.pool.give(d.s, true)
			return
		}
		go func() {
			d.s.cutShort(body)
			d.place.pool.give(d.s, true)
		}()
	})
}

// cutShort ends a transfer before its end.
func (s *session) cutShort(body *ftp.Response) {
	_ = body.Close() // whatever the server says of it
	if s.usable() {
		s.resync()
	}
}
