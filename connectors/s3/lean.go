package s3

import (
	"context"
	"io"
	"net/http"
	"strings"

	"gantry/connectors"
	"gantry/connectors/objectstore"
)

// The calls of this file are made once or twice a file. They go past the SDK's
// middleware, which costs more than all the rest of a small one; keys, the
// endpoint and the signature are still the SDK's. Directory buckets, whose
// sessions only the SDK knows, do not come here.

const unsignedPayload = "UNSIGNED-PAYLOAD"

func (w *wire) putLean(ctx context.Context, key string, p objectstore.Put) (objectstore.Receipt, error) {
	req, err := objectstore.Request{Method: http.MethodPut, Key: key}.New(ctx, w.base)
	if err != nil {
		return objectstore.Receipt{}, err
	}
	if p.Size > 0 {
		req.Body, req.ContentLength = io.NopCloser(p.Body), p.Size
		req.GetBody = func() (io.ReadCloser, error) {
			_, err := p.Body.Seek(0, io.SeekStart)
			return io.NopCloser(p.Body), err
		}
	}
	h := req.Header
	h["Content-Type"] = []string{p.ContentType}
	for name, value := range p.Metadata {
		h.Set("X-Amz-Meta-"+name, value)
	}
	if p.CRC != "" {
		h["X-Amz-Checksum-Crc64nvme"] = []string{p.CRC}
	}
	if p.MD5 != "" {
		h["Content-Md5"] = []string{p.MD5}
	}
	if p.Exclusive {
		h["If-None-Match"] = []string{"*"}
	}
	resp, err := w.do(req, unsignedPayload)
	if err != nil {
		return objectstore.Receipt{}, err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return objectstore.Receipt{}, err
	}
	return objectstore.Receipt{ETag: unquoted(resp.Header), CRC: resp.Header.Get("X-Amz-Checksum-Crc64nvme")}, nil
}

func (w *wire) headLean(ctx context.Context, key string) (objectstore.Object, error) {
	resp, err := w.ask(ctx, http.MethodHead, key, "X-Amz-Checksum-Mode", "ENABLED")
	if err != nil {
		return objectstore.Object{}, err
	}
	_ = resp.Body.Close()
	h := resp.Header
	at, err := http.ParseTime(h.Get("Last-Modified"))
	if err != nil || resp.ContentLength < 0 {
		return objectstore.Object{}, connectors.Errorf(connectors.KindIncomplete, "read answer", key, "the store does not tell how long the object is, or since when it is there")
	}
	return objectstore.Object{
		Key: key, Size: resp.ContentLength, ModTime: at, ETag: unquoted(h),
		Stated: h.Get("X-Amz-Meta-" + objectstore.StatedName), Tags: objectstore.Count(h.Get("X-Amz-Tagging-Count")),
		Sums: objectstore.WholeSums(h.Get("X-Amz-Checksum-Type"), map[connectors.Algorithm]string{
			connectors.CRC64NVME: h.Get("X-Amz-Checksum-Crc64nvme"),
			connectors.CRC32C:    h.Get("X-Amz-Checksum-Crc32c"),
			connectors.SHA1:      h.Get("X-Amz-Checksum-Sha1"),
			connectors.SHA256:    h.Get("X-Amz-Checksum-Sha256"),
		}),
	}, nil
}

func (w *wire) getLean(ctx context.Context, key string, offset, length int64) (objectstore.Content, error) {
	resp, err := w.ask(ctx, http.MethodGet, key, "Range", objectstore.Range(offset, length))
	if err != nil {
		return objectstore.Content{}, err
	}
	return objectstore.Content{Body: resp.Body, Length: resp.ContentLength, Range: resp.Header.Get("Content-Range")}, nil
}

// ask is a request for an object with one header, unless that is empty.
func (w *wire) ask(ctx context.Context, method, key, name, value string) (*http.Response, error) {
	req, err := objectstore.Request{Method: method, Key: key}.New(ctx, w.base)
	if err != nil {
		return nil, err
	}
	if value != "" {
		req.Header[name] = []string{value}
	}
	return w.do(req, unsignedPayload)
}

func unquoted(h http.Header) string { return strings.Trim(h.Get("ETag"), `"`) }
