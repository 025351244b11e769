package s3compat

import (
	"context"
	"iter"
	"strconv"

	"github.com/minio/minio-go/v7"

	"gantry/connectors"
	"gantry/connectors/objectstore"
)

// A wire is MinIO's client for one bucket.
type wire struct {
	core         *minio.Core
	bucket       string
	storageClass string
}

var _ objectstore.Client = (*wire)(nil)

func (w *wire) List(ctx context.Context, prefix string) iter.Seq2[objectstore.Object, error] {
	return func(yield func(objectstore.Object, error) bool) {
		owner := false
		options := minio.ListObjectsOptions{Prefix: prefix, Recursive: true, FetchOwner: &owner}
		for o := range w.core.ListObjectsIter(guarded(ctx), w.bucket, options) {
			if o.Err != nil {
				yield(objectstore.Object{}, broken(prefix, fault(o.Err)))
				return
			}
			if !yield(objectstore.Object{Key: o.Key, Size: o.Size, ModTime: o.LastModified, ETag: o.ETag}, nil) {
				return
			}
		}
		// The library ends a cancelled listing as if it were complete.
		if err := ctx.Err(); err != nil {
			yield(objectstore.Object{}, err)
		}
	}
}

func (w *wire) Head(ctx context.Context, key string) (objectstore.Object, error) {
	o, err := w.core.StatObject(ctx, w.bucket, key, minio.StatObjectOptions{Checksum: true})
	if err != nil {
		return objectstore.Object{}, fault(err)
	}
	return objectstore.Object{
		Key: key, Size: o.Size, ModTime: o.LastModified, ETag: o.ETag,
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

func (w *wire) Copy(ctx context.Context, from, to, ifMatch string) error {
	headers := make(map[string]string)
	if ifMatch != "" {
		headers["x-amz-copy-source-if-match"] = `"` + ifMatch + `"`
	}
	if w.storageClass != "" {
		headers["x-amz-storage-class"] = w.storageClass
	}
	_, err := w.core.CopyObject(ctx, w.bucket, from, w.bucket, to, headers, minio.CopySrcOptions{}, minio.PutObjectOptions{})
	return fault(err)
}

func (w *wire) Delete(ctx context.Context, key string) error {
	return fault(w.core.RemoveObject(ctx, w.bucket, key, minio.RemoveObjectOptions{}))
}
