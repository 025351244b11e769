package ftp

import (
	"context"
	"iter"
	"regexp"
	"slices"
	"strings"

	"gantry/connectors"
	"gantry/connectors/ftp/listing"
	"gantry/connectors/promise"
)

var idLike = regexp.MustCompile(`^[a-z2-7]+-[0-9a-f]{12}$`)

// Unfinished implements connectors.Sweeper. A staged file does not tell its path:
// those below a prefix are all there are. When one began is not told either: it is
// the time of its last part.
func (p *place) Unfinished(ctx context.Context, prefix string) iter.Seq2[connectors.Unfinished, error] {
	return func(yield func(connectors.Unfinished, error) bool) {
		entries, err := p.unfinished(ctx, prefix)
		for _, e := range entries {
			if !yield(connectors.Unfinished{ID: e.Name, Began: e.ModTime, Size: e.Size}, nil) {
				return
			}
		}
		if err != nil {
			yield(connectors.Unfinished{}, err)
		}
	}
}

func (p *place) unfinished(ctx context.Context, prefix string) ([]listing.Entry, error) {
	if prefix != "" {
		if _, err := p.clean(prefix); err != nil {
			return nil, err
		}
	}
	if p.dropBox {
		return nil, connectors.Errorf(connectors.KindUnsupported, "list uploads of", p.url, "a drop box does not show what is in it (option dropBox)")
	}
	found, err := ask(ctx, p, "list uploads of", p.url, func(s *session) (contents, error) { return p.folder(s, promise.Folder) })
	if err = missing("list uploads of", p.url, err); connectors.KindOf(err) == connectors.KindNotFound {
		return nil, nil
	}
	if err == nil {
		err = found.doubt
	}
	entries := slices.DeleteFunc(found.entries, func(e listing.Entry) bool { return e.Kind != listing.File || !idLike.MatchString(e.Name) })
	slices.SortFunc(entries, func(a, b listing.Entry) int { return strings.Compare(a.Name, b.Name) })
	return entries, err
}

// Discard implements connectors.Sweeper.
func (p *place) Discard(ctx context.Context, u connectors.Unfinished) error {
	if !idLike.MatchString(u.ID) {
		return connectors.Errorf(connectors.KindInvalid, "discard upload of", p.url, "%q is no upload", u.ID)
	}
	return p.do(ctx, "discard upload of", p.url, func(s *session) error { return p.removeFile(s, promise.StagedPath(u.ID)) })
}
