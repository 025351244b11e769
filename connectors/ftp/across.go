package ftp

import (
	"context"
	"errors"
	"io"
	"time"

	"gantry/connectors"
	"gantry/connectors/link"
)

// To a server that is far away, a file goes over one data connection from its first part
// to its last: a new one for each part would be slow at first every time, and stand still
// while it is opened and ended. A part is accepted when the server, asked on another
// session, has a file of that length; it goes on from any byte by APPE if the connection
// is lost.

// quiet is how long the server may take to show what it was sent, beside the way there
// and back: one that shows it only at the end gets a transfer for each part.
const quiet = 3 * time.Second

// errByParts says that a part is sent in a transfer of its own.
var errByParts = errors.New("the part is sent alone")

// goesAcross tells whether a part can be sent so: it follows what the server has, and is
// not all there is.
func (u *upload) goesAcross(part connectors.Part) bool {
	p := u.place
	if !p.far.Load() || p.byParts.Load() || p.connections < 2 || u.options.Size <= part.Size {
		return false
	}
	return u.stream != nil || u.length == part.Offset
}

// meetFar notes how far away the server is.
func (p *place) meetFar(s *session) {
	if link.RoundTrip(s.raw) >= link.Far {
		p.far.Store(true)
	}
}

// writeAcross sends a part, and waits until the server has it. It gives errByParts where
// the part has to be sent alone, from its beginning.
func (u *upload) writeAcross(ctx context.Context, part connectors.Part, r io.Reader) error {
	if u.stream != nil && u.stream.at != part.Offset {
		if err := u.endAcross(ctx); err != nil {
			return err
		}
		return errByParts
	}
	if u.stream == nil {
		if !u.place.hold() {
			return errByParts
		}
		opened, err := u.openStreamBy(ctx, part.Offset, u.adder)
		if err != nil {
			u.place.held.Add(-1)
			return err
		}
		go func() { <-opened.done; u.place.held.Add(-1) }()
		opened.fresh, u.stream = true, opened
	}
	first := u.stream.fresh
	u.stream.fresh = false
	if err := u.feed(ctx, part, r); err != nil {
		if code := codeOf(err); first && code >= 400 && ctx.Err() == nil { // it may be the first thing that is added to a file
			u.place.byParts.Store(true)
			u.length = part.Offset
			return errByParts
		}
		return err
	}
	if part.Offset+part.Size >= u.options.Size {
		return u.endAcross(ctx)
	}
	return u.arrive(ctx, part.Offset+part.Size)
}

// hold keeps half of the sessions for calls in between.
func (p *place) hold() bool {
	if p.held.Add(1) <= int32(max(1, p.connections/2)) {
		return true
	}
	p.held.Add(-1)
	return false
}

// adder sends what follows what the server has.
func (u *upload) adder(s *session, _ int64) (func(io.Reader) error, error) {
	u.place.staged.Store(true)
	return func(r io.Reader) error { return transferred(s.lib.Append(s.abs(u.target()), r)) }, nil
}

// arrive waits until the server shows a length.
func (u *upload) arrive(ctx context.Context, length int64) error {
	shown, since := int64(-1), u.place.pool.now()
	for {
		now, err := ask(ctx, u.place, "write part of", u.path, func(s *session) (int64, error) { return u.place.length(s, u.target()) })
		switch {
		case err != nil:
			return err
		case now >= length:
			u.length = length
			return nil
		case now > shown:
			shown, since = now, u.place.pool.now()
		case u.place.pool.now().Sub(since) > quiet:
			u.place.byParts.Store(true)
			return u.endAcross(ctx)
		}
		select {
		case <-u.stream.done: // it broke off
			return u.endAcross(ctx)
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// endAcross ends the transfer well, and makes sure that the server has all of it.
func (u *upload) endAcross(ctx context.Context) error {
	st := u.stream
	if st == nil {
		return nil
	}
	u.stream, u.length = nil, -1
	if err := st.finish(ctx); err != nil {
		return err
	}
	has, err := ask(ctx, u.place, "write part of", u.path, func(s *session) (int64, error) { return u.place.length(s, u.target()) })
	if err == nil && has != st.at {
		err = u.unlike(has, st.at)
	}
	if err == nil {
		u.length = has
	}
	return err
}

// unlike says that the server has another length than was sent.
func (u *upload) unlike(has, sent int64) error {
	if has < sent {
		return cut("write part of", u.path, "the server said that all arrived, and has %d bytes of %d", has, sent)
	}
	return connectors.Errorf(connectors.KindIntegrity, "write part of", u.path, "the server has %d bytes where %d were sent", has, sent)
}

// rest ends a transfer that waits for its next part.
func (u *upload) rest(ctx context.Context) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.place.dropBox || u.place.whole.Load() {
		return nil
	}
	return fail("write part of", u.path, u.endAcross(ctx))
}
