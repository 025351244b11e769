package ftp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"gantry/connectors"
	"gantry/connectors/promise"
)

// WritePart implements connectors.Upload. The part is accepted once the server has
// said that the transfer is complete and the file has the length that it must have.
func (u *upload) WritePart(ctx context.Context, p connectors.Part, r io.ReadSeeker) (connectors.Part, error) {
	done := connectors.Part{Number: p.Number, Offset: p.Offset, Size: p.Size}
	if err := promise.Check(u.path, p); err != nil {
		return done, err
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.aborted {
		return done, u.gone("it was aborted")
	}
	reader := promise.NewPartReader(ctx, u.path, p, r)
	defer func() { reader.Detach() }()
	if u.place.dropBox || u.place.whole.Load() {
		return done, u.writeOn(ctx, p, reader)
	}
	if u.goesAcross(p) {
		from, err := r.Seek(0, io.SeekCurrent)
		if err == nil {
			err = u.writeAcross(ctx, p, reader)
		}
		if !errors.Is(err, errByParts) {
			if err != nil {
				u.length, u.contended = -1, true
			}
			return done, fail("write part of", u.path, err)
		}
		reader.Detach()
		if _, err := r.Seek(from, io.SeekStart); err != nil {
			return done, fail("write part of", u.path, err)
		}
		reader = promise.NewPartReader(ctx, u.path, p, r)
	}
	has, stirred := u.length, u.contended && u.length < 0 // for the call that may go on after this one has ended
	type length int64
	written, err := promise.Await(ctx, func() (length, error) {
		return ask(ctx, u.place, "write part of", u.path, func(s *session) (length, error) {
			if stirred { // what a lost connection was sent may still be on its way to the disk
				if err := u.place.calm(s, u.target()); err != nil {
					return -1, err
				}
				var err error
				if has, err = u.place.length(s, u.target()); err != nil {
					return -1, err
				}
			}
			var n int64
			err := s.warm(u.options.AtOnce, func() (err error) { // it is read back, or another file is sent
				n, err = u.place.write(s, u.target(), has, p, reader)
				return err
			})
			return length(n), err
		})
	}, nil)
	if errors.Is(err, errInOneGo) {
		return done, u.writeOn(ctx, p, reader)
	}
	if connectors.KindOf(err) == connectors.KindIntegrity && u.contended {
		err = u.gone("the server has more than was sent, of a connection that was lost")
	}
	u.length = int64(written)
	if err != nil {
		u.length, u.contended = -1, true
	}
	return done, fail("write part of", u.path, err)
}

// calm waits until a file does not grow any more: a busy server may take a while
// to write what it was sent, and what it appends later would come after our bytes.
func (p *place) calm(s *session, name string) error {
	const pause, most, still = 100 * time.Millisecond, 50, 3
	before, same := int64(-2), 0
	for range most {
		length, err := p.length(s, name)
		if err != nil {
			return err
		}
		if length != before {
			before, same = length, 0
		} else if same++; same == still {
			return nil
		}
		select {
		case <-time.After(pause):
		case <-s.ctx.Done():
			return s.ctx.Err()
		}
	}
	return cut("write part of", name, "it still grows, of a connection that was lost")
}

// errInOneGo says that nothing can be added to a file, found out before a byte of
// it was sent.
var errInOneGo = errors.New("the server lets nothing be added to a file")

// counting tells whether a transfer has begun.
type counting struct {
	io.Reader
	n int64
}

func (c *counting) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n += int64(n)
	return n, err
}

// WriteTo implements io.WriterTo, so that a part goes from memory to the connection
// without a copy between them.
func (c *counting) WriteTo(w io.Writer) (n int64, err error) {
	if part, ok := c.Reader.(*promise.PartReader); ok {
		n, err = part.SendTo(w)
	} else {
		n, err = io.Copy(w, c.Reader)
	}
	c.n += n
	return n, err
}

// write sends a part to a staged file that has this length, -1 if it has to be
// asked for. It gives the length that the file has afterwards.
func (p *place) write(s *session, staged string, has int64, part connectors.Part, r io.Reader) (int64, error) {
	if part.Offset > 0 && has < 0 {
		var err error
		if has, err = p.length(s, staged); err != nil {
			return -1, err
		}
	}
	if has < part.Offset && part.Offset > 0 {
		return -1, connectors.Errorf(connectors.KindNotFound, "write part of", staged, "the server has %d bytes of the %d before this part; begin again", max(has, 0), part.Offset)
	}
	if part.Size == 0 && part.Offset > 0 {
		return has, nil
	}
	p.staged.Store(true)
	sent := &counting{Reader: r}
	replaced := has > part.Offset && (part.Offset > 0 || has > part.Size && part.Size > 0)
	err := p.send(s, staged, has, part, sent)
	if err != nil {
		return -1, err
	}
	if sent.n != part.Size {
		return -1, cut("write part of", staged, "%d of %d bytes were sent", sent.n, part.Size)
	}
	return p.prove(s, staged, has, part, replaced)
}

func (p *place) send(s *session, staged string, has int64, part connectors.Part, r *counting) error {
	switch {
	case part.Offset == 0 && has == 0 && part.Size > 0:
		// It is empty, and is added to like any other: so it shows whether it can be.
	case part.Offset == 0 && has > part.Size && part.Size > 0:
		return p.rewriteHead(s, staged, r)
	case part.Offset == 0:
		return p.sendAnew(s, staged, r)
	case has > part.Offset:
		err := transferred(s.lib.StorFrom(s.abs(staged), r, uint64(part.Offset)))
		if codeOf(err) != 0 && r.n == 0 {
			return connectors.Errorf(connectors.KindNotFound, "write part of", staged, "the server lets no part be written again (%w); begin again", translated(err))
		}
		return err
	}
	err := transferred(s.lib.Append(s.abs(staged), r))
	if codeOf(err) == 0 || r.n > 0 {
		return err
	}
	if part.Offset > 0 {
		again := transferred(s.lib.StorFrom(s.abs(staged), r, uint64(part.Offset)))
		if codeOf(again) == 0 || r.n > 0 {
			return again
		}
	}
	switch kind := connectors.KindOf(fail("write part of", staged, err)); {
	case kind == connectors.KindNoSpace, kind == connectors.KindBusy:
		return err
	}
	p.whole.Store(true)
	if part.Offset == 0 {
		return errInOneGo
	}
	return connectors.Errorf(connectors.KindNotFound, "write part of", staged, "the server lets nothing be added to a file (%w); begin again, in one go", translated(err))
}

// sendAnew writes a file from its beginning. A server may let none be overwritten
// and one be removed: ProFTPD does, unless it is told otherwise.
func (p *place) sendAnew(s *session, name string, r io.Reader) error {
	sent := &counting{Reader: r}
	put := func() error { return transferred(s.lib.Stor(s.abs(name), sent)) }
	err := p.inFolder(s, name, put)
	if kind := connectors.KindOf(fail("write", name, err)); codeOf(err) == 0 || sent.n > 0 {
		return err
	} else if kind != connectors.KindPermission && kind != connectors.KindExists {
		return unexplained("write", name, err)
	}
	length, failed := p.length(s, name)
	if failed != nil || length < 0 {
		return unexplained("write", name, err)
	}
	if failed := p.removeFile(s, name); failed != nil {
		return err
	}
	return put()
}

// transferred reads what came of an upload. What was wrong with our own reader
// goes before what the server says.
func transferred(err error) error {
	if err == nil {
		return nil
	}
	if code := codeOf(err); code >= 200 && code < 300 && onlyReply(err) {
		return nil
	}
	return err
}

// onlyReply tells that nothing but the reply was wrong: the library joins errors.
func onlyReply(err error) bool {
	joined, ok := err.(interface{ Unwrap() []error })
	return !ok || len(joined.Unwrap()) == 1
}

// prove compares the length of the staged file with what it must be: a server may
// say that a transfer is complete and have lost part of it.
func (p *place) prove(s *session, staged string, had int64, part connectors.Part, replaced bool) (int64, error) {
	has, err := p.length(s, staged)
	if err != nil {
		return -1, err
	}
	end := part.Offset + part.Size
	switch {
	case has == end && !(replaced && had > end):
		return has, nil
	case replaced && has == had && had > end: // later parts were there already
		return has, nil
	case replaced:
		// It is not what it was, nor what it should be: nothing of it can be trusted.
		return -1, connectors.Errorf(connectors.KindNotFound, "write part of", staged, "the server has %d bytes after a part was written again (%w); begin again", has, p.removeFile(s, staged))
	case has > end:
		return -1, &connectors.Error{
			Kind: connectors.KindIntegrity, Op: "write part of", Path: staged, Err: fmt.Errorf("the server has %d bytes where %d were sent", has, end),
			Remedy: "the server changes what it is sent, as if it were text: have its operator allow binary transfers",
		}
	default:
		return -1, cut("write part of", staged, "the server said that all arrived, and has %d bytes of %d", has, end)
	}
}
