package objectstore

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"

	"gantry/connectors"
)

// OpenVersion is Open for one version. A marker is KindNotFound.
func (p *Place) OpenVersion(ctx context.Context, path, id string, offset, length int64) (io.ReadCloser, error) {
	v, err := p.version("open", path, id)
	if err != nil {
		return nil, err
	}
	return p.openBy(ctx, path, offset, length, v)
}

// RemoveVersion deletes one version for good, or a marker: the object is there
// again then.
func (p *Place) RemoveVersion(ctx context.Context, path, id string) error {
	v, err := p.version("remove", path, id)
	if err != nil {
		return err
	}
	ctx, done := p.use(ctx)
	defer done()
	if err := v.missing(ctx); err != nil {
		return p.failed(ctx, "remove", path, err)
	}
	if _, err = v.ask(ctx, http.MethodDelete); err != nil {
		return p.heldBack(ctx, path, v.key, v.id, p.failed(ctx, "remove", path, err))
	}
	return nil
}

// A version is one state of an object.
type version struct {
	place   *Place
	key, id string
}

func (p *Place) version(op, path, id string) (version, error) {
	if id == "" {
		return version{}, &connectors.Error{
			Kind: connectors.KindInvalid, Op: op, Path: path, Err: errors.New("no version is named"), Remedy: "list the versions, and name one of them",
		}
	}
	key, err := p.key(path)
	return version{p, key, id}, err
}

// unversioned is the version of what was stored while the bucket kept none.
const unversioned = "null"

// call asks for the version. A store that keeps no versions at all may list its
// objects as "null", and then not know that name. It is left out then if there is
// nothing else that could be meant: a removal would hide the object otherwise.
func (v version) call(ctx context.Context, method string, h http.Header) (*http.Response, error) {
	r := Request{Method: method, Key: v.key, Query: url.Values{"versionId": {v.id}}, Header: h}
	resp, err := v.place.client.Call(ctx, r)
	if v.id != unversioned || !unknownID(method, err) {
		return resp, err
	}
	if alone, asked := v.alone(ctx); asked != nil || !alone {
		return resp, err
	}
	r.Query = nil
	return v.place.client.Call(ctx, r)
}

// unknownID tells whether the store does not know the name of a version. It cannot
// say so in its answer to HEAD.
func unknownID(method string, err error) bool {
	if status(err) != http.StatusBadRequest {
		return false
	}
	switch code(err) {
	case "InvalidArgument", "InvalidVersionId", "NoSuchVersion":
		return true
	case "":
		return method == http.MethodHead
	default:
		return false
	}
}

// alone tells whether the version is all that there is under the key.
func (v version) alone(ctx context.Context) (alone bool, err error) {
	n := 0
	err = v.place.versions(ctx, v.key, v.key, func(other connectors.FileVersion, _ error) bool {
		n++
		alone = n == 1 && other.ID == v.id && !other.Removed
		return alone
	})
	return alone, err
}

// missing gives the error where there is no such version: S3 says nothing when it
// is deleted. Some stores tell by GET alone.
func (v version) missing(ctx context.Context) error {
	resp, err := v.call(ctx, http.MethodGet, http.Header{"Range": {Range(0, 1)}})
	switch {
	case err == nil:
		return resp.Body.Close()
	case status(err) == http.StatusNotFound:
		return err
	default:
		return ctx.Err() // a marker, an empty object, an archived one
	}
}

func (v version) ask(ctx context.Context, method string) (*http.Response, error) {
	resp, err := v.call(ctx, method, nil)
	if err != nil {
		return nil, err
	}
	return resp, resp.Body.Close()
}

func (v version) head(ctx context.Context) (Object, error) {
	resp, err := v.ask(ctx, http.MethodHead)
	if err != nil {
		return Object{}, markerless(err)
	}
	return Object{Key: v.key, Size: resp.ContentLength}, nil
}

func (v version) get(ctx context.Context, offset, length int64) (Content, error) {
	h := make(http.Header)
	if asked := Range(offset, length); asked != "" {
		h.Set("Range", asked)
	}
	resp, err := v.call(ctx, http.MethodGet, h)
	if err != nil {
		return Content{}, markerless(err)
	}
	return Content{Body: resp.Body, Length: resp.ContentLength, Range: resp.Header.Get("Content-Range")}, nil
}

// markerless makes the answer for a marker, which is no object, that for nothing.
func markerless(err error) error {
	if status(err) == http.StatusMethodNotAllowed {
		return &Fault{Status: http.StatusNotFound, Code: "NoSuchKey", Message: "this version marks a removal"}
	}
	return err
}

// unquoted takes the quotes off an ETag.
func unquoted(etag string) string { return strings.Trim(etag, `"`) }
