package sftp

import (
	"cmp"
	"context"
	"errors"
	"reflect"

	"gantry/connectors"
	"gantry/connectors/sftp/wire"
)

// A team is the sessions that one stream of bytes runs over. It begins with one;
// others join while all that there are have as much under way as they take, and
// leave when they break. It serves one goroutine.
type team struct {
	pool   *pool
	way    int // down or up
	open   func(ctx context.Context, c *conn) (wire.Handle, error)
	close  func(c *conn, h wire.Handle) // does not block
	lanes  []*lane
	next   int
	lost   error // why the last one left
	ctx    context.Context
	cancel context.CancelFunc

	joining int
	joined  chan *lane // with room for all who are joining; nil in it: one could not
	barred  bool       // nobody shall try again
}

// A lane is a file, open in one session.
type lane struct {
	conn   *conn
	handle wire.Handle
}

// blame gives up the connection of a lane that has kept somebody waiting for too long: it
// may show signs of life for ever, and move nothing.
func (l *lane) blame(ctx context.Context) {
	var stalled *connectors.Error // and not a deadline that somebody has set
	if errors.As(context.Cause(ctx), &stalled) && stalled.Kind == connectors.KindTimeout {
		l.conn.link.end()
	}
}

var errLost = errors.New("the connection was lost")

// A taking gives a session of a pool, as pool.take does.
type taking func(ctx context.Context) (*conn, error)

// newTeam begins with a session of the pool.
func newTeam(ctx context.Context, p *pool, first taking, direction int, open func(context.Context, *conn) (wire.Handle, error), close func(*conn, wire.Handle)) (*team, error) {
	t := &team{pool: p, way: direction, open: open, close: close, joined: make(chan *lane, mostJoining), lost: errLost}
	c, err := first(ctx)
	if err != nil {
		return nil, err
	}
	h, err := open(ctx, c)
	if err != nil {
		c.release()
		return nil, err
	}
	c.ways[direction].flows.Add(1)
	t.ctx, t.cancel = context.WithCancel(ctx)
	t.lanes = []*lane{{c, h}}
	return t, nil
}

// try gives a lane with a free slot, which the caller has then, or nil. more says
// that there is enough to do for another session.
func (t *team) try(more bool) *lane {
	t.welcome()
	for range t.lanes {
		t.next = (t.next + 1) % len(t.lanes)
		l := t.lanes[t.next]
		select {
		case <-l.conn.Done():
			t.leave(l)
			return t.try(more)
		case l.conn.ways[t.way].slots <- struct{}{}:
			return l
		default:
		}
	}
	if more && len(t.lanes) > 0 {
		t.recruit()
	}
	return nil
}

// lane waits for a lane with a free slot.
func (t *team) lane(ctx context.Context, more bool) (*lane, error) {
	for {
		if l := t.try(more); l != nil {
			return l, nil
		}
		if len(t.lanes) == 0 {
			return nil, t.lost
		}
		if l, err := t.await(ctx); l != nil || err != nil {
			return l, err
		}
	}
}

// await waits for whichever lane is free first: over several connections, the slowest
// must not set the pace of all. It gives none when something else has changed.
func (t *team) await(ctx context.Context) (*lane, error) {
	taken := reflect.ValueOf(struct{}{})
	cases := []reflect.SelectCase{
		{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(ctx.Done())},
		{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(t.joined)},
	}
	for _, l := range t.lanes {
		cases = append(cases,
			reflect.SelectCase{Dir: reflect.SelectSend, Chan: reflect.ValueOf(l.conn.ways[t.way].slots), Send: taken},
			reflect.SelectCase{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(l.conn.Done())})
	}
	switch i, joined, _ := reflect.Select(cases); {
	case i == 0:
		for _, l := range t.lanes {
			l.blame(ctx)
		}
		return nil, ctx.Err()
	case i == 1:
		l, _ := joined.Interface().(*lane)
		t.admit(l)
	case i%2 == 0:
		return t.lanes[i/2-1], nil
	}
	return nil, nil
}

// leave takes a lane out whose session has ended.
func (t *team) leave(l *lane) {
	for i := range t.lanes {
		if t.lanes[i] == l {
			t.lost = cmp.Or(l.conn.Err(), errLost) // its file may be closed, too
			t.lanes = append(t.lanes[:i], t.lanes[i+1:]...)
			t.next = 0
			t.part(l)
			return
		}
	}
}

func (t *team) part(l *lane) {
	t.close(l.conn, l.handle)
	t.dismiss(l.conn)
}

// dismiss gives a session back.
func (t *team) dismiss(c *conn) {
	c.ways[t.way].flows.Add(-1)
	c.release()
}

// mostJoining is how many sessions join at once: on a long way each takes a while.
const mostJoining = 4

// recruit has the sessions join that have nothing to do, in the background.
func (t *team) recruit() {
	for t.joining < mostJoining && !t.barred {
		c := t.pool.spare(t.way, t.has)
		if c == nil {
			return
		}
		t.joining++
		go func() {
			h, err := t.open(t.ctx, c)
			if err != nil {
				t.dismiss(c)
				t.joined <- nil
				return
			}
			t.joined <- &lane{c, h}
		}()
	}
}

func (t *team) has(c *conn) bool {
	for _, l := range t.lanes {
		if l.conn == c {
			return true
		}
	}
	return false
}

func (t *team) welcome() {
	select {
	case l := <-t.joined:
		t.admit(l)
	default:
	}
}

// admit lets nobody try again after one could not join: what kept it is likely to
// keep others.
func (t *team) admit(l *lane) {
	t.joining--
	if l == nil {
		t.barred = true
		return
	}
	t.lanes = append(t.lanes, l)
}

// disband releases the sessions. It does not wait for those that are about to join.
func (t *team) disband() {
	t.cancel()
	for _, l := range t.lanes {
		t.part(l)
	}
	t.lanes = nil
	if t.joining == 0 {
		return
	}
	go func() {
		for range t.joining {
			if l := <-t.joined; l != nil {
				t.part(l)
			}
		}
	}()
}
