package s3compat

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"github.com/minio/minio-go/v7"

	"gantry/connectors"
	"gantry/connectors/objectstore"
)

// A wire is MinIO's client for one bucket.
type wire struct {
	core      *minio.Core
	bucket    string
	base      *url.URL // of the bucket
	transport http.RoundTripper
}

var _ objectstore.Client = (*wire)(nil)

func (w *wire) Head(ctx context.Context, key string) (objectstore.Object, error) {
	o, err := w.core.StatObject(ctx, w.bucket, key, minio.StatObjectOptions{Checksum: true})
	if err != nil {
		return objectstore.Object{}, fault(err)
	}
	return objectstore.Object{
		Key: key, Size: o.Size, ModTime: o.LastModified, ETag: o.ETag,
		Stated: o.Metadata.Get("X-Amz-Meta-" + objectstore.StatedName), Tags: o.UserTagCount,
		Sums: objectstore.WholeSums(o.ChecksumMode, map[connectors.Algorithm]string{
			connectors.CRC64NVME: o.ChecksumCRC64NVME,
			connectors.CRC32C:    o.ChecksumCRC32C,
			connectors.SHA1:      o.ChecksumSHA1,
			connectors.SHA256:    o.ChecksumSHA256,
		}),
	}, nil
}

func (w *wire) Get(ctx context.Context, key string, offset, length int64) (objectstore.Content, error) {
	var options minio.GetObjectOptions
	if asked := objectstore.Range(offset, length); asked != "" {
		options.Set("Range", asked)
	}
	body, _, header, err := w.core.GetObject(ctx, w.bucket, key, options)
	if err != nil {
		return objectstore.Content{}, fault(err)
	}
	c := objectstore.Content{Body: body, Length: -1, Range: header.Get("Content-Range")}
	if n, err := strconv.ParseInt(header.Get("Content-Length"), 10, 64); err == nil {
		c.Length = n
	}
	return c, nil
}

func (w *wire) Delete(ctx context.Context, key string) error {
	return fault(w.core.RemoveObject(ctx, w.bucket, key, minio.RemoveObjectOptions{}))
}
