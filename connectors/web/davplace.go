package web

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"strings"
	"time"

	"gantry/connectors"
	"gantry/connectors/promise"
)

// A davPlace is a folder of a WebDAV server: it lists, and stages uploads.
type davPlace struct{ *place }

// Unfinished implements connectors.Sweeper. A staged file does not tell where it was
// to go, so that only all of them can be asked for: prefix is "".
func (p *davPlace) Unfinished(ctx context.Context, prefix string) iter.Seq2[connectors.Unfinished, error] {
	return func(yield func(connectors.Unfinished, error) bool) {
		if prefix != "" {
			yield(connectors.Unfinished{}, &connectors.Error{
				Kind: connectors.KindUnsupported, Op: "list unfinished uploads of", Path: prefix,
				Err: errors.New("a server does not tell which path an upload is for"), Remedy: "ask for all, with an empty prefix",
			})
			return
		}
		at := p.folderURL(promise.Folder)
		var found []connectors.Unfinished
		err := p.properties(ctx, ask{op: "list", path: promise.Folder, url: at}, "1", func(r resource) error {
			if name, err := nameIn(at, r.href); err == nil && name != "" && !r.collection {
				found = append(found, connectors.Unfinished{ID: name, Began: modified(r.modified), Size: r.size})
			}
			return nil
		})
		if err != nil && connectors.KindOf(err) != connectors.KindNotFound {
			yield(connectors.Unfinished{}, err)
			return
		}
		for _, u := range found {
			if !yield(u, nil) {
				return
			}
		}
	}
}

// Discard implements connectors.Sweeper.
func (p *davPlace) Discard(ctx context.Context, u connectors.Unfinished) error {
	if u.ID == "" || strings.ContainsAny(u.ID, "/\\\x00") || strings.HasPrefix(u.ID, ".") {
		return connectors.Errorf(connectors.KindInvalid, "discard", u.ID, "this is no upload")
	}
	return p.discard(ctx, u.ID)
}

// discard removes a file of the staging folder. It is no error if it is gone. A
// server may hold it until it has noticed that our request was cut, so it is waited
// for a little.
func (p *place) discard(ctx context.Context, id string) error {
	const pause, most = 50 * time.Millisecond, 3 * time.Second
	for waited := time.Duration(0); ; waited += pause {
		err := p.discardNow(ctx, id)
		if connectors.KindOf(err) != connectors.KindBusy || waited >= most {
			return err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return promise.Ended("discard", promise.StagedPath(id), ctx.Err())
		}
	}
}

func (p *place) discardNow(ctx context.Context, id string) error {
	a := ask{op: "discard", path: promise.StagedPath(id), method: http.MethodDelete, url: p.url(promise.StagedPath(id))}
	r, err := p.send(ctx, a)
	if err != nil {
		return err
	}
	if r.StatusCode/100 == 2 || r.StatusCode == http.StatusNotFound || r.StatusCode == http.StatusGone {
		_ = r.finish()
		return nil
	}
	return p.refused(a, r)
}
