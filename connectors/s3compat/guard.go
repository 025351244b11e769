package s3compat

import (
	"context"
	"net/http"
	"sync"

	"gantry/connectors"
)

// A guard ends a listing whose pages lead back to one that was there before. The
// library would follow them for ever.
type guard struct{ http.RoundTripper }

type pagesKey struct{}

// pages are the tokens that one listing has used.
type pages struct {
	mu   sync.Mutex
	seen map[string]bool
}

func guarded(ctx context.Context) context.Context {
	return context.WithValue(ctx, pagesKey{}, &pages{seen: make(map[string]bool)})
}

func (g guard) RoundTrip(req *http.Request) (*http.Response, error) {
	if p, ok := req.Context().Value(pagesKey{}).(*pages); ok && !p.next(req.URL.Query().Get("continuation-token")) {
		return nil, connectors.Errorf(connectors.KindIncomplete, "list", "", "the store says that there is more, and leads back to the same page")
	}
	return g.RoundTripper.RoundTrip(req)
}

func (p *pages) next(token string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	fresh := !p.seen[token]
	p.seen[token] = true
	return fresh
}
