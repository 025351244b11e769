package ftp

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path"
	"strings"
	"sync/atomic"
	"time"

	"gantry/connectors"
	"gantry/connectors/ftp/listing"
	"gantry/connectors/promise"
)

// place is a server, with what was found out about it.
type place struct {
	config
	pool  *pool
	close context.CancelFunc
	fast  float64 // bytes/s from which on a file is read over one session

	chance func(below time.Duration) time.Duration // any, from 0 on

	replaces  atomic.Bool // renaming onto a file replaces it in one step
	swaps     atomic.Bool // renaming onto a file was refused
	looks     atomic.Int32
	setsTime  atomic.Int32
	lists     atomic.Bool // by LIST, for MLSD is not to be had
	plainList atomic.Bool // LIST takes no option
	restarts  atomic.Bool // REST was seen to work for reading
	whole     atomic.Bool // nothing can be added to a file that is there: each is sent in one go
	software  atomic.Pointer[string]
	computes  atomic.Pointer[[]connectors.Algorithm] // digests
	alone     atomic.Bool                            // several sessions were no faster than one
	staged    atomic.Bool                            // the staging folder was used
	far       atomic.Bool                            // the way there is long
	byParts   atomic.Bool                            // it does not show what it has of a transfer before its end
	more      succession
	held      atomic.Int32 // sessions that are held over several parts
}

var (
	_ connectors.Place     = (*place)(nil)
	_ connectors.Renamer   = (*place)(nil)
	_ connectors.Hasher    = (*place)(nil)
	_ connectors.Describer = (*place)(nil)
	_ connectors.Sweeper   = (*place)(nil)
)

func newPlace(c config) *place {
	p := &place{config: c, fast: fast, chance: rand.N[time.Duration]}
	open, cancel := context.WithCancel(context.Background())
	p.close = cancel
	p.lists.Store(c.listing == "list")
	p.whole.Store(c.resume == "false")
	p.pool = newPool(c, open, time.Now)
	p.pool.list = p.lists.Load
	p.pool.met = p.meet
	return p
}

// meet learns from a session what the server can do.
func (p *place) meet(s *session) {
	p.meetFar(s)
	name := s.facts.software()
	if first := p.software.CompareAndSwap(nil, &name); !first {
		return
	}
	p.meetMany(name)
	p.replaces.Store(s.facts.replaces())
	computes := s.facts.computes()
	p.computes.Store(&computes)
	p.setsTime.Store(int32(s.facts.timeCommand()))
	if p.listing == "auto" && !s.facts.canList() {
		p.lists.Store(true)
		s.noMLSD = true // the library has found out the same
	}
}

// runs tells whether the server is of a kind.
func (p *place) runs(software string) bool {
	name := p.software.Load()
	return name != nil && *name == software
}

// bestPart makes up for the dialogue before each part and the slow start of its data
// connection.
const bestPart = 32 << 20

// Traits implements connectors.Place.
func (p *place) Traits() connectors.Traits {
	t := connectors.Traits{
		Sequential: true, AtomicCommit: p.replaces.Load() && !p.dropBox, WriteOnly: p.dropBox, DoubtfulLists: p.lists.Load() || p.dropBox || p.runs(pureFTPd), // which leaves names with control characters out
		Streamed: p.dropBox || p.whole.Load(), Concurrency: max(1, p.connections-1), // one is for calls in between
		BestPart: bestPart, OneStream: !p.dropBox, OpenStaged: p.readsStaged(),
	}
	if timeCommand(p.setsTime.Load()) != noTime {
		t.TimePrecision = time.Second
	}
	t.Unchecked, t.Far = p.tls == "none", p.far.Load()
	if computes := p.computes.Load(); computes != nil && !p.dropBox {
		t.Computes = *computes
	}
	return t
}

// readsStaged tells whether the server lets a file be read while it is written: vsftpd
// locks it.
func (p *place) readsStaged() bool {
	return !p.dropBox && (p.runs(proFTPD) || p.runs(pureFTPd))
}

// abs is where the server keeps a clean path.
func (s *session) abs(p string) string { return path.Join("/", s.home, s.root, p) }

// clean checks a path that comes from outside.
func (p *place) clean(name string) (string, error) {
	name, err := promise.CleanPath(name)
	if err != nil {
		return "", err
	}
	reason := badByte(name)
	if reason == "" && p.runs(pureFTPd) {
		reason = pureFTPdBad(name)
	}
	if reason == "" && len(name) > maxLine-512 {
		reason = "it is too long for a command"
	}
	if reason == "" && strings.Count(name, "/") > maxDepth {
		reason = fmt.Sprintf("its folders lie more than %d deep", maxDepth)
	}
	if reason != "" {
		return "", &connectors.Error{Kind: connectors.KindInvalid, Op: "use path", Path: name, Err: errors.New(reason), Remedy: "take another name"}
	}
	return name, nil
}

// ask makes a call on a session, and ends when ctx does. A session that the server
// has ended just before we took it has done nothing of the call: it is made once
// more on another.
func ask[T any](ctx context.Context, p *place, op, path string, call func(s *session) (T, error)) (T, error) {
	value, err := askOnce(ctx, p, op, path, call)
	if errors.Is(err, errLate) {
		value, err = askOnce(ctx, p, op, path, call)
	}
	return value, err
}

var errLate = errors.New("the server had ended the session")

func askOnce[T any](ctx context.Context, p *place, op, path string, call func(s *session) (T, error)) (T, error) {
	var none T
	s, err := p.pool.take(ctx, false)
	if err != nil {
		return none, fail(op, path, err)
	}
	defer func() { p.pool.give(s, false) }()
	stop := s.until(ctx)
	s.control.answers = 0
	value, err := call(s)
	if !stop() {
		return none, fail(op, path, ctx.Err())
	}
	if err != nil && s.control.answers == 1 && s.control.last.code == 421 {
		err = fmt.Errorf("%w: %w", errLate, err)
	}
	if err != nil && s.ctx.Err() != nil {
		err = p.lost(err)
	}
	return value, fail(op, path, err)
}

// lost says why a session was given up that nobody cancelled.
func (p *place) lost(err error) error {
	if p.pool.open.Err() != nil {
		return p.pool.closed()
	}
	return err
}

// do is ask for calls without a result.
func (p *place) do(ctx context.Context, op, path string, call func(s *session) error) error {
	_, err := ask(ctx, p, op, path, func(s *session) (struct{}, error) { return struct{}{}, call(s) })
	return err
}

// check logs in, and says early that the root is missing or no folder.
func (p *place) check(ctx context.Context) error {
	return p.do(ctx, "open", p.url, func(s *session) error {
		if p.dropBox || s.abs("") == "/" {
			return nil
		}
		err := s.enter("")
		if err == nil || codeOf(err) == 0 {
			return err
		}
		if info, failed := p.stat(s, ""); failed == nil && info.Kind != listing.Folder {
			return connectors.BadLocation(p.url, "what is there is no folder", "name a folder")
		}
		err = missing("open", p.url, err)
		if connectors.KindOf(err) != connectors.KindNotFound || p.create {
			return ignoreMissing(err)
		}
		return p.noRoot(err)
	})
}

func ignoreMissing(err error) error {
	if connectors.KindOf(err) == connectors.KindNotFound {
		return nil
	}
	return err
}

func (p *place) noRoot(err error) error {
	var known *connectors.Error
	if errors.As(err, &known) { // which says the same
		err = known.Err
	}
	return &connectors.Error{Kind: connectors.KindNotFound, Op: "open", Path: p.url, Err: err, Remedy: "make the folder on the server, or check the path"}
}

// Close implements connectors.Place.
func (p *place) Close() error {
	if p.pool.open.Err() == nil && p.staged.Load() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = p.do(ctx, "close", p.url, func(s *session) error { // stays as long as it holds uploads
			_, err := s.control.ask("RMD %s", s.abs(promise.Folder))
			return err
		})
	}
	p.close()
	p.pool.close()
	return nil
}
