package objectstore

import (
	"context"
	"encoding/xml"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"gantry/connectors"
)

// Versions asks for the versions of one object and for the markers that removals
// have left, the newest first. A bucket that keeps none has one, called "null".
// KindNotFound if there is none.
func (p *Place) Versions(ctx context.Context, path string) iter.Seq2[connectors.FileVersion, error] {
	return func(yield func(connectors.FileVersion, error) bool) {
		ctx, done := p.use(ctx)
		defer done()
		key, err := p.key(path)
		if err != nil {
			yield(connectors.FileVersion{}, err)
			return
		}
		if err := p.versions(ctx, path, key, yield); err != nil {
			yield(connectors.FileVersion{}, p.failed(ctx, "list versions", path, err))
		}
	}
}

// versions returns nil when yield asked it to stop.
func (p *Place) versions(ctx context.Context, path, key string, yield func(connectors.FileVersion, error) bool) error {
	query := url.Values{"versions": {""}, "prefix": {key}, "encoding-type": {"url"}}
	found := false
	for {
		var page versionsPage
		request := Request{Method: http.MethodGet, Query: query}
		if _, err := p.ask(ctx, request, &page); err != nil {
			return err
		}
		if err := expect(request, page.XMLName, "Versions"); err != nil {
			return err
		}
		for _, v := range page.Versions {
			if v.XMLName.Local != "Version" && v.XMLName.Local != markerElement {
				continue
			}
			name, err := page.plain(v.Key)
			if err != nil {
				return err
			}
			if name > key {
				page.IsTruncated = false // what follows are other objects
				break
			}
			if name < key {
				continue
			}
			found = true
			if !yield(v.version(path), nil) {
				return nil
			}
		}
		if !page.IsTruncated {
			break
		}
		if page.NextKeyMarker == "" || (page.NextKeyMarker == query.Get("key-marker") && page.NextVersionIDMarker == query.Get("version-id-marker")) {
			return connectors.Errorf(connectors.KindIncomplete, "list versions", path, "the store says that there is more, and leads back to the same page")
		}
		marker, err := page.plain(page.NextKeyMarker)
		if err != nil {
			return err
		}
		query.Set("key-marker", marker)
		query.Set("version-id-marker", page.NextVersionIDMarker)
	}
	if !found {
		return &Fault{Status: http.StatusNotFound, Code: "NoSuchKey", Message: "it has no versions"}
	}
	return ctx.Err()
}

const markerElement = "DeleteMarker"

// A versionsPage keeps versions and markers in the order of the document, which
// is that of their age.
type versionsPage struct {
	XMLName             xml.Name
	EncodingType        string
	IsTruncated         bool
	NextKeyMarker       string
	NextVersionIDMarker string        `xml:"NextVersionIdMarker"`
	Versions            []versionLine `xml:",any"`
}

type versionLine struct {
	XMLName      xml.Name
	Key          string
	VersionID    string `xml:"VersionId"`
	IsLatest     string
	LastModified string
	ETag         string
	Size         string
}

func (v versionLine) version(path string) connectors.FileVersion {
	size, _ := strconv.ParseInt(v.Size, 10, 64) // markers have none, and a listing has no negative ones
	at, _ := time.Parse(time.RFC3339, v.LastModified)
	return connectors.FileVersion{
		Entry:  connectors.Entry{Path: path, Size: max(size, 0), ModTime: wholeSecond(at), Version: unquoted(v.ETag)},
		ID:     v.VersionID,
		Latest: v.IsLatest == "true", Removed: v.XMLName.Local == markerElement,
	}
}

func (p versionsPage) plain(key string) (string, error) {
	if p.EncodingType != "url" {
		return key, nil
	}
	plain, err := url.QueryUnescape(key)
	if err != nil {
		return "", connectors.Errorf(connectors.KindIncomplete, "list versions", key, "the key is not escaped as announced")
	}
	return plain, nil
}
