package objectstore

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

// amazon is what Amazon's S3 is called in any region, after the name of a bucket or
// without one. Others of these domains are computers and gateways of its customers.
var amazon = regexp.MustCompile(`^(?:(.+)\.)?s3(?:-fips|-accelerate|-[a-z]{2}(?:-[a-z]+)+-[0-9]+)?(?:\.dualstack)?(?:\.[a-z]{2}(?:-[a-z]+)+-[0-9]+)?\.amazonaws\.com(?:\.cn)?$`)

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

// sameOwner tells whether both are the same host, or one bucket of Amazon's.
func sameOwner(a, b *url.URL) bool {
	if a.Host == b.Host {
		return true
	}
	from, known := amazonBucket(a)
	to, alike := amazonBucket(b)
	return known && alike && from == to && a.Port() == b.Port()
}

// amazonBucket is the bucket in a URL of Amazon's S3; ok is false for other hosts.
func amazonBucket(u *url.URL) (name string, ok bool) {
	match := amazon.FindStringSubmatch(strings.ToLower(u.Hostname()))
	if match == nil {
		return "", false
	}
	if name = match[1]; name == "" {
		name, _, _ = strings.Cut(strings.TrimPrefix(u.Path, "/"), "/")
	}
	return name, true
}
