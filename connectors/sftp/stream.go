package sftp

import (
	"context"
	"io"
	"sync"

	"gantry/connectors"
	"gantry/connectors/sftp/wire"
)

// A stream reads a file in order, with many requests under way in the sessions of
// a team. It asks for no more than what is wanted, and starts carefully where
// that is not known. One whose session is lost is asked for again in another one.
type stream struct {
	mu    sync.Mutex
	ctx   context.Context // of the team
	team  *team
	path  string
	size  int   // bytes of a request
	next  int64 // the offset to ask for
	end   int64 // below zero: not known
	most  int   // requests under way; 0 = as many as fit
	queue []*piece
	head  *piece // is read now
	rest  []byte // of head
	err   error
}

// A piece is one request, in the order of the file.
type piece struct {
	lane    *lane
	pending *wire.Pending
	buffer  *[]byte
	at      int64
	want    int
}

// careful is how many requests are under way at first if nobody knows how much
// will be read.
const careful = 2

// bold is how many may be under way in the end: the sessions bound them first.
const bold = 1 << 16

func newStream(t *team, path string, offset, length int64) *stream {
	s := &stream{ctx: t.ctx, team: t, path: path, size: t.lanes[0].conn.read, next: offset, end: -1}
	if length >= 0 {
		s.end = offset + length
	} else {
		s.most = careful
	}
	return s
}

// Read implements io.Reader.
func (s *stream) Read(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.rest) == 0 {
		if s.err == nil {
			s.err = s.advance()
		}
		if s.err != nil {
			return 0, s.fail(s.err)
		}
	}
	n := copy(b, s.rest)
	s.rest = s.rest[n:]
	return n, nil
}

// advance makes the next piece the one that is read.
func (s *stream) advance() error {
	if s.head != nil {
		recycle(s.head.buffer)
		s.head = nil
	}
	if err := s.ask(); err != nil {
		return err
	}
	if len(s.queue) == 0 {
		return io.EOF
	}
	head := s.queue[0]
	s.queue = s.queue[1:]
	if !head.pending.Ready() {
		s.most = min(2*s.most, bold)
		if len(s.queue)+1 >= s.room() && s.goesOn() {
			s.team.recruit()
		}
	}
	n, err := s.wait(head)
	if n == 0 && err != nil {
		return err
	}
	s.head, s.rest, s.err = head, (*head.buffer)[:n], err
	return nil
}

// ask has requests under way as far as the sessions take them, at least one.
func (s *stream) ask() error {
	for (s.end < 0 || s.next < s.end) && (s.most == 0 || len(s.queue) < s.most) && len(s.queue) < s.room() {
		more := s.goesOn()
		l := s.team.try(more)
		if l == nil {
			if len(s.queue) > 0 {
				return nil
			}
			var err error
			if l, err = s.team.lane(s.ctx, more); err != nil {
				return err
			}
		}
		p := &piece{lane: l, at: s.next, want: s.size}
		if s.end >= 0 {
			p.want = int(min(int64(s.size), s.end-s.next))
		}
		p.buffer = newBuffer(p.want, s.size)
		if err := s.start(p, 0); err != nil {
			s.team.leave(l)
			continue
		}
		s.queue = append(s.queue, p)
		s.next += int64(p.want)
	}
	return nil
}

// goesOn tells whether there is enough to do for another session.
func (s *stream) goesOn() bool { return s.end < 0 || s.end-s.next > mostUnderWay }

// room bounds the memory of a reader that is slower than the sessions.
func (s *stream) room() int {
	n := 0
	for _, l := range s.team.lanes {
		n += cap(l.conn.ways[down].slots)
	}
	return max(n, 1)
}

// start asks for what a piece lacks. The caller has a slot of its lane, which is
// free again when the answer is there.
func (s *stream) start(p *piece, got int) (err error) {
	slots := p.lane.conn.ways[down].slots
	free := func() { <-slots }
	data := (*p.buffer)[got:p.want]
	if p.pending, err = p.lane.conn.StartRead(s.ctx, p.lane.handle, p.at+int64(got), data, free); err != nil {
		free()
	}
	return err
}

// wait gives how many bytes a piece has: fewer than wanted only with an error.
func (s *stream) wait(p *piece) (got int, err error) {
	for {
		n, err := p.pending.Wait(s.ctx)
		got += n
		switch {
		case err == nil:
			return got, nil
		case wire.IsEnd(err):
			return got, io.EOF
		case s.ctx.Err() != nil:
			p.lane.blame(s.ctx)
			return got, err
		case refused(err):
			return got, err
		default:
			fresh := newBuffer(p.want, s.size) // the lost request may still write into the old one
			copy(*fresh, (*p.buffer)[:got])
			p.buffer = fresh
			s.team.leave(p.lane)
		}
		if err := s.again(p, got); err != nil {
			return got, err
		}
	}
}

// again asks for the rest of a piece, in whatever session there is.
func (s *stream) again(p *piece, got int) error {
	for {
		l, err := s.team.lane(s.ctx, false)
		if err != nil {
			return err
		}
		p.lane = l
		if err = s.start(p, got); err == nil {
			return nil
		}
		s.team.leave(l)
		if ended := s.ctx.Err(); ended != nil {
			return ended
		}
	}
}

func (s *stream) fail(err error) error {
	if ended := s.ctx.Err(); ended != nil {
		return connectors.Errorf(connectors.KindOf(ended), "read", s.path, "%w", ended)
	}
	if err == io.EOF {
		return err
	}
	return fail("read", s.path, err)
}

// Close ends the stream, and a Read that waits, without waiting for the requests
// under way.
func (s *stream) Close() error {
	s.team.cancel()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.team.disband()
	s.rest = nil
	return nil
}
