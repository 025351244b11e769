package objectstore

import (
	"context"
	"encoding/xml"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"gantry/connectors"
)

// pageSize is how many keys a page of a listing has at most, by the limit of S3.
const pageSize = 1000

// A listPage is one answer to ListObjectsV2.
type listPage struct {
	objects []Object
	more    bool
	token   string   // where it goes on
	escaped bool     // the keys are, and unescape is due
	lost    []string // keys that the store did not escape, and could not write
}

// page asks for the keys below under that come after the key after, or where
// token says. Keys are asked for escaped, since XML cannot hold all characters.
func (p *Place) page(ctx context.Context, under, after, token string) (listPage, error) {
	query := url.Values{
		"list-type": {"2"}, "encoding-type": {"url"}, "prefix": {under}, "max-keys": {strconv.Itoa(pageSize)},
	}
	switch {
	case token != "":
		query.Set("continuation-token", token)
	case after != "":
		query.Set("start-after", after)
	}
	request := Request{Method: http.MethodGet, Query: query}
	data, _, err := p.document(ctx, request)
	if err != nil {
		return listPage{}, err
	}
	page, err := readPage(data)
	if err != nil {
		return page, unreadable(request, err)
	}
	return page, page.unescape(under)
}

// A rawPage is a page as it is written.
type rawPage struct {
	XMLName               xml.Name `xml:"ListBucketResult"`
	EncodingType          string
	IsTruncated           bool
	NextContinuationToken string
	Contents              []struct {
		Key, ETag, LastModified string
		Size                    int64
	}
}

func decodePage(data []byte) (listPage, error) {
	var raw rawPage
	if err := xml.Unmarshal(data, &raw); err != nil {
		return listPage{}, err
	}
	page := listPage{more: raw.IsTruncated, token: raw.NextContinuationToken, objects: make([]Object, len(raw.Contents))}
	for i, c := range raw.Contents {
		at, err := time.Parse(time.RFC3339, c.LastModified)
		if err != nil {
			return listPage{}, err
		}
		page.objects[i] = Object{Key: c.Key, Size: c.Size, ETag: strings.Trim(c.ETag, `"`), ModTime: at}
	}
	page.escaped = raw.EncodingType == "url"
	return page, nil
}

// unescape gives the keys as they are, and checks what the page says of the next.
func (p *listPage) unescape(under string) error {
	if p.more && p.token == "" {
		return connectors.Errorf(connectors.KindIncomplete, "list", under, "the store says that there is more, and not how to get it")
	}
	if !p.escaped {
		p.objects = slices.DeleteFunc(p.objects, func(o Object) bool {
			lost := strings.ContainsRune(o.Key, '\ufffd')
			if lost {
				p.lost = append(p.lost, o.Key)
			}
			return lost
		})
		return nil
	}
	p.escaped = false
	for i := range p.objects {
		key, err := url.QueryUnescape(p.objects[i].Key)
		if err != nil {
			return connectors.Errorf(connectors.KindIncomplete, "list", under, "the key %q is not escaped as announced", p.objects[i].Key)
		}
		p.objects[i].Key = key
	}
	return nil
}
