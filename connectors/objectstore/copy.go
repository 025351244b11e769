package objectstore

import (
	"context"
	"net/http"
	"strings"

	"gantry/connectors"
)

// Copy has the store copy an object: in one request up to Habits.MaxCopy, in parts
// beyond. The copy is of the version that was looked at (KindChanged if there is
// another one by then), and has its metadata, content type and tags. It has the
// storage class of the location, or that of the original unless that is an
// archive. Where the store vouches for digests of both, they are compared. It
// replaces a file in one step; one that turns out wrong is removed.
//
// A Renamer is not offered: S3 has no rename, and a copy that a removal follows is
// two files or, for others, a moment of none.
func (p *Place) Copy(ctx context.Context, from, to string) (connectors.Entry, error) {
	source, err := p.key(from)
	if err != nil {
		return connectors.Entry{}, err
	}
	target, err := p.key(to)
	if err != nil {
		return connectors.Entry{}, err
	}
	ctx, done := p.use(ctx)
	defer done()
	o, err := p.original(ctx, source)
	if err != nil {
		return connectors.Entry{}, p.failed(ctx, "copy", from, err)
	}
	if class := o.header.Get(classHeader); class != "" && p.config.Terms.Class == "" && !archives[class] {
		ctx = given(ctx, http.Header{classHeader: {class}})
	}
	etag, err := p.copyObject(ctx, o, target)
	if err != nil {
		return connectors.Entry{}, p.failed(ctx, "copy", from, err)
	}
	entry, err := p.copied(ctx, o, target, to)
	if connectors.KindOf(err) == connectors.KindIntegrity {
		p.removeCopy(ctx, target, etag)
	}
	return entry, err
}

const classHeader = "X-Amz-Storage-Class"

// An original is an object that is to be copied, with all its headers.
type original struct {
	Object
	place  *Place
	header http.Header
}

func (p *Place) original(ctx context.Context, key string) (original, error) {
	r := Request{Method: http.MethodHead, Key: key, Header: http.Header{"X-Amz-Checksum-Mode": {"ENABLED"}}}
	resp, err := p.ask(ctx, r, nil)
	if err != nil {
		if _, reason := p.head(ctx, key); reason != nil {
			err = reason
		}
		return original{}, err
	}
	h := resp.Header
	return original{place: p, header: h, Object: Object{
		Key: key, Size: resp.ContentLength, ETag: unquoted(h.Get("ETag")),
		Sums: WholeSums(h.Get("X-Amz-Checksum-Type"), map[connectors.Algorithm]string{
			connectors.CRC64NVME: h.Get("X-Amz-Checksum-Crc64nvme"),
			connectors.CRC32C:    h.Get("X-Amz-Checksum-Crc32c"),
			connectors.SHA1:      h.Get("X-Amz-Checksum-Sha1"),
			connectors.SHA256:    h.Get("X-Amz-Checksum-Sha256"),
		}),
	}}, nil
}

// copyObject copies to a key, which may be the same one, and gives the copy's ETag.
// What [given] has put into ctx goes before what the original has.
func (p *Place) copyObject(ctx context.Context, o original, target string) (etag string, err error) {
	if o.Size > p.maxCopy() {
		return p.copyParts(ctx, o, target)
	}
	err = p.sums.try(func(sums bool) error {
		h := p.sourceHeader(o)
		h.Set("X-Amz-Metadata-Directive", "COPY")
		h.Set("X-Amz-Tagging-Directive", "COPY")
		if sums {
			h.Set("X-Amz-Checksum-Algorithm", "CRC64NVME")
		}
		result := copyResult{}
		_, err := p.result(ctx, Request{Method: http.MethodPut, Key: target, Header: h}, &result)
		etag = unquoted(result.ETag)
		return err
	})
	return etag, err
}

// A copyResult answers a copy of an object, or of a part.
type copyResult struct {
	ETag string
	CRC  string `xml:"ChecksumCRC64NVME"`
}

// sourceHeader names the version that is copied.
func (p *Place) sourceHeader(o original) http.Header {
	h := http.Header{"X-Amz-Copy-Source": {Escape("/" + o.place.config.Bucket + "/" + o.Key)}}
	if o.ETag != "" {
		h.Set("X-Amz-Copy-Source-If-Match", `"`+o.ETag+`"`)
	}
	return h
}

// copied looks at a copy, and compares it with its original.
func (p *Place) copied(ctx context.Context, o original, key, path string) (connectors.Entry, error) {
	copied, err := p.head(ctx, key)
	if err != nil {
		return connectors.Entry{}, p.failed(ctx, "copy", path, err)
	}
	if copied.Size != o.Size {
		return connectors.Entry{}, connectors.Errorf(connectors.KindIntegrity, "copy", path, "the copy has %d bytes, the original %d", copied.Size, o.Size)
	}
	entry := p.entry(path, copied)
	if _, equal := entry.Digests.Agree(digestsOf(o.Sums)); !equal {
		return connectors.Entry{}, connectors.Errorf(connectors.KindIntegrity, "copy", path, "the copy's digests %v are not the original's %v", entry.Digests, digestsOf(o.Sums))
	}
	return entry, nil
}

// removeCopy takes a wrong copy away, unless somebody has replaced it since.
func (p *Place) removeCopy(ctx context.Context, key, etag string) {
	if o, err := p.client.Head(ctx, key); err == nil && etag != "" && o.ETag == etag {
		_ = p.client.Delete(ctx, key) // the wrong copy is what is reported
	}
}

func (p *Place) maxCopy() int64 {
	if p.config.Habits.MaxCopy > 0 {
		return p.config.Habits.MaxCopy
	}
	return maxCopy
}

// keptHeaders are what an object has beside its metadata. A copy in parts is a new
// object, and gets them one by one.
var keptHeaders = []string{"Cache-Control", "Content-Disposition", "Content-Encoding", "Content-Language", "Expires", "X-Amz-Website-Redirect-Location"}

// properties are what a copy in parts is begun with: the object's metadata, and as
// headers what has no place in Properties.
func (o original) properties() (Properties, http.Header) {
	p := Properties{ContentType: o.header.Get("Content-Type"), Metadata: make(map[string]string)}
	for name, values := range o.header {
		if short, ok := strings.CutPrefix(strings.ToLower(name), "x-amz-meta-"); ok && len(values) > 0 {
			p.Metadata[short] = values[0]
		}
	}
	h := make(http.Header)
	for _, name := range keptHeaders {
		if value := o.header.Get(name); value != "" {
			h.Set(name, value)
		}
	}
	return p, h
}
