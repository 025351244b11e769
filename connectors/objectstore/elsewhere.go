package objectstore

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// amazon are domains whose names all belong to the same store.
var amazon = []string{".amazonaws.com", ".amazonaws.com.cn"}

// elsewhere is where a store wants the very same request to be made; nil if it does not
// ask for that, or names a stranger: no signature goes to anybody else.
func elsewhere(r *http.Request, resp *http.Response) *url.URL {
	if resp.StatusCode != http.StatusTemporaryRedirect && resp.StatusCode != http.StatusPermanentRedirect {
		return nil
	}
	to, err := r.URL.Parse(resp.Header.Get("Location"))
	if err != nil || to.User != nil || r.URL.Scheme == "https" && to.Scheme != "https" || *to == *r.URL {
		return nil
	}
	if !sameOwner(r.URL, to) {
		return nil
	}
	to.Fragment = ""
	return to
}

func sameOwner(a, b *url.URL) bool {
	if a.Host == b.Host {
		return true
	}
	return slices.ContainsFunc(amazon, func(domain string) bool {
		return a.Port() == b.Port() && strings.HasSuffix(a.Hostname(), domain) && strings.HasSuffix(b.Hostname(), domain)
	})
}
