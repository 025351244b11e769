package objectstore

import (
	"context"
	"net/http"
	"sync/atomic"
	"time"
)

// A Line makes the requests of a place past its library: it dresses them with the
// location's terms, signs them, and sends them. Its fields are set before its first
// request. It may be used by many goroutines at once.
type Line struct {
	Transport http.RoundTripper
	Terms     Terms
	Signer    Signer
	Keys      func(context.Context) (Keys, error) // of each request; Keys without Access leave it unsigned
	Now       func() time.Time

	ahead atomic.Int64 // by how much the store's clock is ahead of ours, once that has mattered
}

// tolerated is how far clocks may be apart for all stores.
const tolerated = 5 * time.Minute

// Do makes a request. An answer that is no success is a [*Fault].
func (l *Line) Do(r *http.Request, payload string) (*http.Response, error) {
	resp, err := l.Send(r, payload)
	if err != nil {
		return nil, err
	}
	if err := Answered(resp); err != nil {
		return nil, err
	}
	return resp, nil
}

// Send makes a request, and gives whatever is answered. One that is refused by a store
// whose clock is another is made once more by that clock, and one that the store sends
// elsewhere under its own name once more there.
func (l *Line) Send(r *http.Request, payload string) (*http.Response, error) {
	keys, err := l.Keys(r.Context())
	if err != nil {
		return nil, err
	}
	ahead := time.Duration(l.ahead.Load())
	resp, err := l.once(r, keys, payload, ahead)
	if err != nil {
		return nil, err
	}
	if to := elsewhere(r, resp); to != nil {
		if next := repeated(r); next != nil {
			_ = resp.Body.Close()
			next.URL, next.Host = to, ""
			return l.once(next, keys, payload, ahead)
		}
	}
	theirs, told := l.skew(resp)
	if keys.Access == "" || !told || (theirs-ahead).Abs() < tolerated {
		return resp, nil
	}
	next := repeated(r)
	if next == nil {
		return resp, nil
	}
	again, err := l.once(next, keys, payload, theirs)
	if err != nil {
		return resp, nil // what was answered tells more
	}
	if again.StatusCode == http.StatusForbidden { // it was not the clock
		_ = again.Body.Close()
		return resp, nil
	}
	_ = resp.Body.Close()
	l.ahead.Store(int64(theirs))
	return again, nil
}

func (l *Line) once(r *http.Request, keys Keys, payload string, ahead time.Duration) (*http.Response, error) {
	l.Terms.Dress(r.Context(), r)
	if keys.Access != "" {
		l.Signer.Sign(r, keys, payload, l.Now().Add(ahead))
	}
	return l.Transport.RoundTrip(r)
}

// skew is by how much the clock of a store that refuses a request is ahead of ours.
func (l *Line) skew(resp *http.Response) (ahead time.Duration, told bool) {
	if resp.StatusCode != http.StatusForbidden {
		return 0, false
	}
	clock, err := http.ParseTime(resp.Header.Get("Date"))
	return clock.Sub(l.Now()), err == nil
}

// repeated is the request once more; nil if its body cannot be had again.
func repeated(r *http.Request) *http.Request {
	next := r.Clone(r.Context())
	if r.Body == nil || r.Body == http.NoBody {
		return next
	}
	if r.GetBody == nil {
		return nil
	}
	body, err := r.GetBody()
	if err != nil {
		return nil
	}
	next.Body = body
	return next
}
