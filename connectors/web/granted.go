package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/url"
	"os"
	"strings"
	"sync"

	"gantry/connectors"
	"gantry/connectors/web/grant"
)

// A granted is a place of one file, which a hub's signed URLs lead to.
type granted struct {
	*wire
	path string // of the one file
	seen seen

	mu    sync.Mutex
	grant grant.Grant // may be renewed; its path stays
	spent error       // the upload that the grant is for is over
}

func openGranted(c config, w *wire) (connectors.Place, error) {
	g, err := readGrant(c.grant)
	if err != nil {
		return nil, err
	}
	return &granted{wire: w, path: g.Path, grant: g}, nil
}

// largestGrant bounds a document, in bytes: 10,000 long URLs.
const largestGrant = 32 << 20

func readGrant(reference string) (grant.Grant, error) {
	if name, ok := strings.CutPrefix(reference, "file:"); ok {
		data, err := readAtMost(name, largestGrant)
		if err != nil {
			return grant.Grant{}, connectors.Errorf(connectors.KindAuth, "read grant", reference, "%w", err)
		}
		return grant.Parse(data)
	}
	text, err := connectors.Secret(reference)
	if err != nil {
		return grant.Grant{}, err
	}
	return grant.Parse([]byte(text))
}

func readAtMost(name string, most int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(data)) > most {
		err = fmt.Errorf("it is larger than %d bytes: is it the right file?", most)
	}
	return data, err
}

// valid gives the grant, or the one that has taken its place in the document, if it
// has expired.
func (p *granted) valid(op string) (grant.Grant, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	if !p.grant.Expired(now) {
		return p.grant, nil
	}
	if g, err := readGrant(p.config.grant); err == nil && !g.Expired(now) && g.ID() == p.grant.ID() && g.Path == p.path && g.PartSize == p.grant.PartSize {
		p.grant = g
		return g, nil
	}
	return grant.Grant{}, &connectors.Error{
		Kind: connectors.KindAuth, Op: op, Path: p.path, Err: fmt.Errorf("the grant has expired at %s", p.grant.Expires.UTC().Format("2006-01-02 15:04:05Z")),
		Remedy: "ask the hub for a new one",
	}
}

// Traits implements connectors.Place.
func (p *granted) Traits() connectors.Traits {
	p.mu.Lock()
	defer p.mu.Unlock()
	t := connectors.Traits{AtomicCommit: true, DoubtfulLists: true, WriteOnly: p.grant.Get == "" || p.writeOnly, Concurrency: p.concurrency()}
	if p.grant.Multipart() {
		t.MinPart, t.MaxPart, t.MaxParts, t.EqualParts = p.grant.PartSize, p.grant.PartSize, len(p.grant.Parts), true
		t.MaxSize, t.PartDigest = p.grant.MaxSize(), connectors.MD5
	} else {
		t.Sequential, t.Streamed = true, true
	}
	return t
}

// Close implements connectors.Place.
func (p *granted) Close() error {
	p.close()
	return nil
}

// ask prepares a request to a URL of the grant, which is never shown.
func (p *granted) ask(op, method, address string) (ask, error) {
	u, err := url.Parse(address)
	if err != nil {
		return ask{}, connectors.Errorf(connectors.KindInvalid, op, p.path, "the grant's URL does not parse")
	}
	u.Host = strings.ToLower(u.Host)
	return ask{op: op, path: p.path, method: method, url: u, bare: true}, nil
}

// check refuses a path that is another than the grant's. Only reading needs get.
func (p *granted) check(ctx context.Context, op, path string, read bool) (grant.Grant, error) {
	path, err := clean(ctx, op, path)
	if err != nil {
		return grant.Grant{}, err
	}
	if path != p.path {
		return grant.Grant{}, &connectors.Error{
			Kind: connectors.KindNotFound, Op: op, Path: path, Err: fmt.Errorf("the grant is for the one file %q", p.path),
			Remedy: "name that one, or ask the hub for another grant",
		}
	}
	g, err := p.valid(op)
	if err == nil && read && g.Get == "" {
		err = &connectors.Error{Kind: connectors.KindUnsupported, Op: op, Path: path, Err: errors.New("the grant does not allow to read"), Remedy: "ask the hub for one that does"}
	}
	return g, err
}

// Stat implements connectors.Source.
func (p *granted) Stat(ctx context.Context, path string) (connectors.Entry, error) {
	g, err := p.check(ctx, "stat", path, true)
	if err != nil {
		return connectors.Entry{}, err
	}
	a, err := p.ask("stat", "", g.Get)
	if err != nil {
		return connectors.Entry{}, err
	}
	e, err := p.wire.stat(ctx, a, true) // signed for GET
	if err == nil {
		p.seen.note(e)
	}
	return e, p.used(err)
}

// Open implements connectors.Source.
func (p *granted) Open(ctx context.Context, path string, offset, length int64) (io.ReadCloser, error) {
	g, err := p.check(ctx, "open", path, true)
	if err != nil {
		return nil, err
	}
	if offset < 0 {
		return nil, connectors.Errorf(connectors.KindInvalid, "open", path, "offset %d lies before the start", offset)
	}
	if length == 0 {
		e, err := p.Stat(ctx, path)
		if err != nil {
			return nil, err
		}
		return nothing(path, offset, e.Size)
	}
	a, err := p.ask("open", "", g.Get)
	if err != nil {
		return nil, err
	}
	known, seen := p.seen.of(path)
	r, err := p.wire.open(ctx, a, offset, length, known, seen)
	if connectors.KindOf(err) == connectors.KindChanged {
		p.seen.forget(path)
	}
	return r, p.used(err)
}

// List implements connectors.Source: the one file, if it may be read and is there.
func (p *granted) List(ctx context.Context, prefix string) iter.Seq2[connectors.Entry, error] {
	return func(yield func(connectors.Entry, error) bool) {
		if prefix != "" && prefix != p.path && !strings.HasPrefix(p.path, prefix+"/") {
			if _, err := clean(ctx, "list", prefix); err != nil {
				yield(connectors.Entry{}, err)
			}
			return
		}
		e, err := p.Stat(ctx, p.path)
		if connectors.KindOf(err) != connectors.KindNotFound {
			yield(e, err)
		}
	}
}

// Remove implements connectors.Sink. No grant allows it.
func (p *granted) Remove(ctx context.Context, path string) error {
	if _, err := p.check(ctx, "remove", path, false); err != nil {
		return err
	}
	return &connectors.Error{Kind: connectors.KindUnsupported, Op: "remove", Path: path, Err: errors.New("a grant does not allow to remove"), Remedy: "have the hub do it"}
}

// used tells of a signature that was refused what to do.
func (p *granted) used(err error) error {
	var e *connectors.Error
	if errors.As(err, &e) && (e.Kind == connectors.KindAuth || e.Kind == connectors.KindPermission) {
		e.Remedy = "ask the hub for a new grant, and compare this machine's clock with the hub's"
	}
	return err
}
