package sftp

import (
	"context"
	"errors"
	"fmt"
	"io"

	"gantry/connectors"
	"gantry/connectors/promise"
	"gantry/connectors/sftp/wire"
)

// WritePart implements connectors.Upload. The part is accepted once the server
// has answered each of its requests: it is in the server's file then, and
// survives the end of this process and of the connection. Only Commit makes it
// survive a power cut at the server.
func (u *upload) WritePart(ctx context.Context, p connectors.Part, r io.ReadSeeker) (connectors.Part, error) {
	if err := promise.Check(u.path, p); err != nil {
		return connectors.Part{}, err
	}
	if err := ctx.Err(); err != nil {
		return connectors.Part{}, fail("write part of", u.path, err)
	}
	u.reaches(p.Offset + p.Size)
	reader := promise.NewPartReader(ctx, u.path, p, r)
	defer reader.Detach()
	t, err := newTeam(ctx, u.place.pool, u.take, up, u.open, u.done)
	if err != nil {
		return connectors.Part{}, fail("write part of", u.path, err)
	}
	defer t.disband()
	u.noteWrite()
	w := &writing{upload: u, team: t, part: p}
	if err = w.all(t.ctx, reader); isStatus(err, wire.Failure) {
		err = u.whyFull(ctx, p, err)
	}
	return connectors.Part{Number: p.Number, Offset: p.Offset, Size: p.Size}, fail("write part of", u.path, err)
}

// open gives the staged file in a session.
func (u *upload) open(ctx context.Context, c *conn) (wire.Handle, error) {
	if h := u.files.in(c); h != nil && !u.stale() {
		return h, nil
	} else if h != nil {
		u.files.forget(c)
		giveBack(c, h)
	}
	h, err := c.Client.Open(ctx, c.abs(u.staged()), wire.ForWrite)
	if err != nil {
		return nil, c.explain(ctx, u.staged(), err)
	}
	u.files.keep(c, h)
	return h, nil
}

// done leaves the staged file open for the parts to come, if it is kept.
func (u *upload) done(c *conn, h wire.Handle) {
	if u.files.in(c) != h {
		giveBack(c, h)
	}
}

// whyFull asks whether a server that only says "failure" has no room for what the file
// still needs. A moment later there may be room for the part, since others write there too.
func (u *upload) whyFull(ctx context.Context, p connectors.Part, err error) error {
	full := u.place.do(ctx, "write part of", u.path, func(ctx context.Context, c *conn) error {
		needed := p.Size
		if staged, unknown := c.Stat(ctx, c.abs(u.staged())); unknown == nil {
			needed += max(u.options.Size-max(staged.Size, p.Offset+p.Size), 0)
		}
		return c.room(ctx, u.path, needed)
	})
	if connectors.KindOf(full) == connectors.KindNoSpace {
		return full
	}
	return err
}

// A writing is one part on its way, with many requests in the sessions of a team.
type writing struct {
	upload *upload
	team   *team
	part   connectors.Part
	queue  []*piece
}

// all sends what r gives, and waits for all answers.
func (w *writing) all(ctx context.Context, r io.Reader) error {
	size := w.team.lanes[0].conn.write
	for at := int64(0); at < w.part.Size; {
		p := &piece{at: w.part.Offset + at, want: int(min(int64(size), w.part.Size-at))}
		p.buffer = newBuffer(wire.Headroom+p.want, wire.Headroom+size)
		if _, err := io.ReadFull(r, p.sent()[wire.Headroom:]); err != nil {
			return err
		}
		at += int64(p.want)
		if err := w.send(ctx, p, w.part.Size-at > mostUnderWay/2); err != nil {
			return err
		}
		w.queue = append(w.queue, p)
		for len(w.queue) > 0 && w.queue[0].pending.Ready() {
			if err := w.answered(ctx); err != nil {
				return err
			}
		}
	}
	for len(w.queue) > 0 {
		if err := w.answered(ctx); err != nil {
			return err
		}
	}
	return nil
}

// send sends a piece in whatever session there is, unless the part has stood still for so
// long that its file may be somebody else's.
func (w *writing) send(ctx context.Context, p *piece, more bool) error {
	for {
		l, err := w.team.lane(ctx, more)
		if err != nil {
			return err
		}
		slots := l.conn.ways[up].slots
		free := func() { <-slots }
		if w.upload.stale() {
			free()
			return connectors.Errorf(connectors.KindUnavailable, "write part of", w.upload.path, "nothing was written for %s, in which another process may have taken up the upload", staleAfter)
		}
		p.lane = l
		p.pending, err = l.conn.StartWrite(ctx, l.handle, p.at, p.sent(), free)
		if err == nil {
			return nil
		}
		free()
		w.team.leave(l)
		if ended := ctx.Err(); ended != nil {
			return ended
		}
	}
}

// sent is the piece with the room before it.
func (p *piece) sent() []byte { return (*p.buffer)[:wire.Headroom+p.want] }

// answered waits for the oldest piece, and sends it once more if its session was
// lost while others work.
func (w *writing) answered(ctx context.Context) error {
	p := w.queue[0]
	w.queue = w.queue[1:]
	for {
		_, err := p.pending.Wait(ctx)
		switch {
		case err == nil:
			w.upload.noteWrite()
			recycle(p.buffer)
			return nil
		case ctx.Err() != nil:
			p.lane.blame(ctx)
			return err
		case refused(err):
			return err
		}
		w.team.leave(p.lane)
		p.renew()
		if err := w.send(ctx, p, false); err != nil {
			return err
		}
	}
}

// renew gives a write a buffer of its own: the lost request may still read the old one,
// and write its head.
func (p *piece) renew() {
	fresh := newBuffer(len(*p.buffer), len(*p.buffer))
	copy((*fresh)[wire.Headroom:], (*p.buffer)[wire.Headroom:])
	p.buffer = fresh
}

// worthAsking is the size from which on it pays to ask for room beforehand.
const worthAsking = 8 << 20

// room refuses a file that the server says it has no room for. A server that does
// not say is taken to have it.
func (c *conn) room(ctx context.Context, path string, size int64) error {
	if size <= 0 || !c.Can("statvfs@openssh.com", "2") {
		return nil
	}
	volume, err := c.Room(ctx, c.root)
	var status *wire.Status
	switch {
	case errors.As(err, &status), err == nil && volume.Size == 0:
		return nil // the write itself will tell
	case err != nil:
		return err
	case volume.Free < uint64(size):
		return &connectors.Error{
			Kind: connectors.KindNoSpace, Op: "write", Path: path, Remedy: remedies[connectors.KindNoSpace],
			Err: fmt.Errorf("%d bytes are free and %d are needed", volume.Free, size),
		}
	}
	return nil
}
