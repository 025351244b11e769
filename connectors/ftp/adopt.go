package ftp

import (
	"context"
	"strings"

	"gantry/connectors"
	"gantry/connectors/ftp/listing"
	"gantry/connectors/promise"
)

// Left implements connectors.Adopter. The times are the server's.
func (p *place) Left(ctx context.Context, path string) (left []connectors.Left, err error) {
	if path, err = p.clean(path); err != nil || p.dropBox || p.whole.Load() {
		return nil, err
	}
	found, err := ask(ctx, p, "list uploads of", p.url, func(s *session) (contents, error) { return p.folder(s, promise.Folder) })
	if err = missing("list uploads of", p.url, err); connectors.KindOf(err) == connectors.KindNotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	aside := map[string]bool{}
	for _, e := range found.entries {
		if id, is := strings.CutSuffix(e.Name, replacedSuffix); is {
			aside[id] = true
		}
	}
	for _, e := range found.entries {
		if e.Kind != listing.File || aside[e.Name] || promise.CheckID(e.Name, path) != nil {
			continue
		}
		// Listings of many servers have neither seconds nor a time zone.
		now, err := ask(ctx, p, "list uploads of", p.url, func(s *session) (connectors.Entry, error) {
			return p.file(s, "list uploads of", promise.StagedPath(e.Name))
		})
		if err == nil {
			left = append(left, connectors.Left{ID: e.Name, Size: now.Size, Written: now.ModTime})
		} else if ctx.Err() != nil {
			return nil, err
		}
	}
	return left, nil
}

// Claim implements connectors.Adopter.
func (p *place) Claim(ctx context.Context, path, id string) (string, error) {
	path, err := p.clean(path)
	if err != nil {
		return "", err
	}
	if err := promise.CheckID(id, path); err != nil {
		return "", err
	}
	fresh := promise.NewID(path)
	return fresh, p.do(ctx, "claim upload of", path, func(s *session) error {
		err := rename(s, promise.StagedPath(id), promise.StagedPath(fresh))
		if codeOf(err) == 0 {
			return err
		}
		if length, failed := p.length(s, promise.StagedPath(id)); failed == nil && length < 0 {
			return connectors.Errorf(connectors.KindNotFound, "claim upload of", path, "%w", translated(err))
		}
		return err
	})
}
