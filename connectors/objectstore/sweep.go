package objectstore

import (
	"context"
	"encoding/xml"
	"iter"
	"net/http"
	"net/url"
	"strings"
	"time"

	"gantry/connectors"
)

// Unfinished asks for the multipart uploads below prefix, page by page, and for the
// parts of each, which tell its size. One that is gone by then is left out; one
// whose parts may not be asked for has the size -1. Uploads to keys that are no
// paths are passed over and reported, as in listings.
func (p *Place) Unfinished(ctx context.Context, prefix string) iter.Seq2[connectors.Unfinished, error] {
	return func(yield func(connectors.Unfinished, error) bool) {
		ctx, done := p.use(ctx)
		defer done()
		under := p.config.Root
		if prefix != "" {
			key, err := p.key(prefix)
			if err != nil {
				yield(connectors.Unfinished{}, err)
				return
			}
			under = key
		}
		if err := p.unfinished(ctx, prefix, under, yield); err != nil {
			yield(connectors.Unfinished{}, p.failed(ctx, "list uploads", prefix, err))
		}
	}
}

// unfinished returns nil when yield asked it to stop.
func (p *Place) unfinished(ctx context.Context, prefix, under string, yield func(connectors.Unfinished, error) bool) error {
	var key, id string
	seen := make(map[[2]string]bool)
	for {
		page, err := p.uploads(ctx, under, key, id)
		if err != nil {
			return err
		}
		for _, u := range page.Uploads {
			found, ok, err := p.unfinishedOne(ctx, prefix, u)
			if err != nil {
				return err
			}
			if ok && !yield(found, nil) {
				return nil
			}
		}
		if !page.IsTruncated {
			return ctx.Err()
		}
		key, id = page.NextKeyMarker, page.NextUploadIDMarker
		if key == "" || seen[[2]string{key, id}] {
			return connectors.Errorf(connectors.KindIncomplete, "list uploads", prefix, "the store says that there are more, and leads back to the same page")
		}
		seen[[2]string{key, id}] = true
	}
}

// unfinishedOne describes an upload. ok is false for one that does not belong here.
func (p *Place) unfinishedOne(ctx context.Context, prefix string, u uploadLine) (found connectors.Unfinished, ok bool, err error) {
	path, ok := strings.CutPrefix(u.Key, p.config.Root)
	if !ok || (prefix != "" && path != prefix && !strings.HasPrefix(path, prefix+"/")) {
		return found, false, nil
	}
	if _, err := p.key(path); err != nil {
		connectors.PassOver(ctx, u.Key, err)
		return found, false, nil
	}
	found = connectors.Unfinished{Path: path, ID: u.UploadID, Began: u.Initiated.UTC()}
	parts, err := (&multipart{target: target{place: p, path: path, key: u.Key}, id: u.UploadID}).Parts(ctx)
	switch kind := connectors.KindOf(err); kind {
	case "":
		for _, part := range parts {
			found.Size += part.Size
		}
	case connectors.KindNotFound:
		return found, false, nil
	case connectors.KindPermission, connectors.KindUnsupported:
		found.Size = -1
	default:
		return found, false, err
	}
	return found, true, nil
}

// Discard aborts an upload. A part that somebody sends at this moment may stay
// behind: whatever is listed afterwards is to be discarded again.
func (p *Place) Discard(ctx context.Context, u connectors.Unfinished) error {
	key, err := p.key(u.Path)
	if err != nil {
		return err
	}
	if u.ID == "" || u.ID == smallID {
		return connectors.Errorf(connectors.KindInvalid, "discard", u.Path, "%q is no ID of an upload", u.ID)
	}
	ctx, done := p.use(ctx)
	defer done()
	err = p.failed(ctx, "discard", u.Path, p.client.AbortUpload(ctx, key, u.ID))
	if connectors.KindOf(err) == connectors.KindNotFound && code(err) != "NoSuchBucket" {
		return nil
	}
	return err
}

type uploadsPage struct {
	XMLName            xml.Name
	EncodingType       string
	IsTruncated        bool
	NextKeyMarker      string
	NextUploadIDMarker string       `xml:"NextUploadIdMarker"`
	Uploads            []uploadLine `xml:"Upload"`
}

type uploadLine struct {
	Key       string
	UploadID  string `xml:"UploadId"`
	Initiated time.Time
}

// uploads asks for one page, with its keys as they are.
func (p *Place) uploads(ctx context.Context, under, key, id string) (uploadsPage, error) {
	query := url.Values{"uploads": {""}, "encoding-type": {"url"}, "prefix": {under}}
	if key != "" {
		query.Set("key-marker", key)
	}
	if id != "" {
		query.Set("upload-id-marker", id)
	}
	var page uploadsPage
	request := Request{Method: http.MethodGet, Query: query}
	if _, err := p.result(ctx, request, &page); err != nil {
		return page, err
	}
	if err := expect(request, page.XMLName, "Uploads"); err != nil || page.EncodingType != "url" {
		return page, err
	}
	keys := []*string{&page.NextKeyMarker}
	for i := range page.Uploads {
		keys = append(keys, &page.Uploads[i].Key)
	}
	for _, key := range keys {
		plain, err := url.QueryUnescape(*key)
		if err != nil {
			return page, connectors.Errorf(connectors.KindIncomplete, "list uploads", under, "the key %q is not escaped as announced", *key)
		}
		*key = plain
	}
	return page, nil
}
