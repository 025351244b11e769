package objectstore

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Terms are what a location's options ask a store for with every request, beyond
// the request itself. The zero Terms ask for nothing.
type Terms struct {
	RequesterPays bool
	Class         string // storage class of new objects
	ACL           string // canned access control list of new objects
	Tags          string // of new objects, as a URL's query
	Encryption    Encryption
	Retain        Retain // of new objects
	Hold          bool   // legal hold on new objects

	// Now is the clock that retention is counted from.
	Now func() time.Time
}

// Locks tells whether new objects are locked. A store then wants a digest with
// everything that makes one.
func (t Terms) Locks() bool { return t.Hold || t.Retain.Mode != "" }

// Dress adds the headers that the terms ask for to a request that is not signed
// yet, under the context of its call. What the request says itself is left as it is.
func (t Terms) Dress(ctx context.Context, r *http.Request) {
	if t.RequesterPays {
		r.Header.Set("X-Amz-Request-Payer", "requester")
	}
	job := jobOf(r.Method, r.URL)
	if job == creates {
		t.dressNew(ctx, r)
	}
	if job != other {
		t.Encryption.dress(r.Header, job)
	}
}

func (t Terms) dressNew(ctx context.Context, r *http.Request) {
	copies := r.Header.Get("X-Amz-Copy-Source") != ""
	unlessSet(r.Header, "X-Amz-Storage-Class", t.Class)
	unlessSet(r.Header, "X-Amz-Acl", t.ACL)
	if !copies { // a copy has the tags of its original
		unlessSet(r.Header, "X-Amz-Tagging", t.Tags)
	}
	if given, ok := ctx.Value(givenKey{}).(http.Header); ok {
		for name, values := range given {
			r.Header[name] = values
		}
	}
	if t.Retain.Mode != "" && r.Header.Get("X-Amz-Object-Lock-Mode") == "" {
		r.Header.Set("X-Amz-Object-Lock-Mode", strings.ToUpper(string(t.Retain.Mode)))
		r.Header.Set("X-Amz-Object-Lock-Retain-Until-Date", stamp(t.Retain.until(t.Now())))
	}
	if t.Hold {
		r.Header.Set("X-Amz-Object-Lock-Legal-Hold", "ON")
	}
}

type givenKey struct{}

// given has new objects that are made under ctx carry these headers instead of
// what the terms ask for.
func given(ctx context.Context, h http.Header) context.Context {
	return context.WithValue(ctx, givenKey{}, h)
}

func unlessSet(h http.Header, name, value string) {
	if value != "" && h.Get(name) == "" {
		h.Set(name, value)
	}
}

// A job is what a request does with an object's bytes.
type job int

const (
	other   job = iota // nothing, or nothing with one object
	creates            // makes an object, or begins to
	sends              // sends a part, or completes them
	reads
)

// jobOf tells a request's job by its method and query, as S3 does.
func jobOf(method string, u *url.URL) job {
	if u.RawQuery == "" {
		switch method {
		case http.MethodPut:
			return creates
		case http.MethodGet, http.MethodHead:
			return reads
		default:
			return other
		}
	}
	query := u.Query()
	for name := range query {
		if !ofObjects[name] {
			return other
		}
	}
	switch {
	case method == http.MethodPost && query.Has("uploads"):
		return creates
	case query.Has("uploads"):
		return other
	case query.Has("uploadId"):
		if method == http.MethodDelete {
			return other
		}
		return sends
	case method == http.MethodPut:
		return creates
	case method == http.MethodGet, method == http.MethodHead:
		return reads
	default:
		return other
	}
}

// ofObjects are the names that a query for an object's bytes may have.
var ofObjects = map[string]bool{
	"x-id": true, "versionId": true, "uploads": true, "uploadId": true, "partNumber": true, "max-parts": true,
	"part-number-marker": true, "encoding-type": true,
}

// stamp writes a time as the protocol has it in headers and documents.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }
