package objectstore

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"gantry/connectors"
)

// Lean makes the calls that move bytes, of which there are one or two a file,
// without a library in between, which would cost more than all the rest of a
// small one. It may be used by many goroutines at once.
type Lean struct {
	Base *url.URL // of the bucket

	// Do dresses, signs and makes a request. An answer that is no success is a
	// [*Fault].
	Do func(r *http.Request, payload string) (*http.Response, error)
}

const crcHeader = "X-Amz-Checksum-Crc64nvme"

// Put is [Writer.Put].
func (l Lean) Put(ctx context.Context, key string, p Put) (Receipt, error) {
	req, err := l.sending(ctx, key, p.Body, p.Size)
	if err != nil {
		return Receipt{}, err
	}
	req.Header["Content-Type"] = []string{p.ContentType}
	for name, value := range p.Metadata {
		req.Header.Set("X-Amz-Meta-"+name, value)
	}
	if p.Exclusive {
		req.Header["If-None-Match"] = []string{"*"}
	}
	return l.send(req, p.CRC, p.MD5)
}

// UploadPart is [Multipart.UploadPart].
func (l Lean) UploadPart(ctx context.Context, key, id string, p Piece) (Receipt, error) {
	req, err := l.sending(ctx, key, p.Body, p.Size)
	if err != nil {
		return Receipt{}, err
	}
	req.URL.RawQuery = "partNumber=" + strconv.Itoa(p.Number) + "&uploadId=" + strings.ReplaceAll(url.QueryEscape(id), "+", "%20")
	return l.send(req, p.CRC, p.MD5)
}

func (l Lean) sending(ctx context.Context, key string, body io.ReadSeeker, size int64) (*http.Request, error) {
	req, err := Request{Method: http.MethodPut, Key: key}.New(ctx, l.Base)
	if err != nil || size == 0 {
		return req, err
	}
	req.Body, req.ContentLength = io.NopCloser(body), size
	req.GetBody = func() (io.ReadCloser, error) {
		_, err := body.Seek(0, io.SeekStart)
		return io.NopCloser(body), err
	}
	return req, nil
}

func (l Lean) send(req *http.Request, crc, md5 string) (Receipt, error) {
	if crc != "" {
		req.Header[crcHeader] = []string{crc}
	}
	if md5 != "" {
		req.Header["Content-Md5"] = []string{md5}
	}
	resp, err := l.Do(req, UnsignedPayload)
	if err != nil {
		return Receipt{}, err
	}
	defer resp.Body.Close()
	if resp.ContentLength != 0 {
		if _, err := io.Copy(io.Discard, resp.Body); err != nil {
			return Receipt{}, err
		}
	}
	return Receipt{ETag: unquoted(resp.Header.Get("ETag")), CRC: resp.Header.Get(crcHeader)}, nil
}

// Head is [Reader.Head].
func (l Lean) Head(ctx context.Context, key string) (Object, error) {
	resp, err := l.ask(ctx, http.MethodHead, key, http.Header{"X-Amz-Checksum-Mode": {"ENABLED"}})
	if err != nil {
		return Object{}, err
	}
	_ = resp.Body.Close()
	h := resp.Header
	at, err := http.ParseTime(h.Get("Last-Modified"))
	if err != nil || resp.ContentLength < 0 {
		return Object{}, connectors.Errorf(connectors.KindIncomplete, "read answer", key, "the store does not tell how long the object is, or since when it is there")
	}
	return Object{
		Key: key, Size: resp.ContentLength, ModTime: at, ETag: unquoted(h.Get("ETag")),
		Stated: h.Get("X-Amz-Meta-" + StatedName), Tags: Count(h.Get("X-Amz-Tagging-Count")),
		Sums: sumsIn(h),
	}, nil
}

// sumsIn are the checksums of the whole object that come with an answer.
func sumsIn(h http.Header) map[connectors.Algorithm]string {
	return WholeSums(h.Get("X-Amz-Checksum-Type"), map[connectors.Algorithm]string{
		connectors.CRC64NVME: h.Get(crcHeader),
		connectors.CRC32C:    h.Get("X-Amz-Checksum-Crc32c"),
		connectors.CRC32:     h.Get("X-Amz-Checksum-Crc32"),
		connectors.SHA1:      h.Get("X-Amz-Checksum-Sha1"),
		connectors.SHA256:    h.Get("X-Amz-Checksum-Sha256"),
	})
}

// Get is [Reader.Get], and fails with a [*Fault] of the status 412 if the object
// has another ETag than etag, unless that is empty.
func (l Lean) Get(ctx context.Context, key, etag string, offset, length int64) (Content, error) {
	header := http.Header{}
	asked := Range(offset, length)
	if asked != "" {
		header["Range"] = []string{asked}
	} else {
		header["X-Amz-Checksum-Mode"] = []string{"ENABLED"}
	}
	if etag != "" {
		header["If-Match"] = []string{`"` + etag + `"`}
	}
	resp, err := l.ask(ctx, http.MethodGet, key, header)
	if err != nil {
		return Content{}, err
	}
	h := resp.Header
	c := Content{Body: resp.Body, Length: resp.ContentLength, Range: h.Get("Content-Range"), ETag: unquoted(h.Get("ETag"))}
	c.ModTime, _ = http.ParseTime(h.Get("Last-Modified"))
	if asked == "" && c.Range == "" {
		c.Sums, c.Stated = sumsIn(h), h.Get("X-Amz-Meta-"+StatedName)
	}
	return c, nil
}

// ask is a request for an object.
func (l Lean) ask(ctx context.Context, method, key string, header http.Header) (*http.Response, error) {
	req, err := Request{Method: method, Key: key, Header: header}.New(ctx, l.Base)
	if err != nil {
		return nil, err
	}
	return l.Do(req, UnsignedPayload)
}
