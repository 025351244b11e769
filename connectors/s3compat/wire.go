package s3compat

import (
	"context"
	"net/url"

	"github.com/minio/minio-go/v7"

	"gantry/connectors/objectstore"
)

// A wire is MinIO's client for one bucket.
type wire struct {
	core   *minio.Core
	bucket string
	base   *url.URL // of the bucket
	line   *objectstore.Line
	lean   objectstore.Lean
}

var _ objectstore.Client = (*wire)(nil)

func (w *wire) Head(ctx context.Context, key string) (objectstore.Object, error) {
	return w.lean.Head(ctx, key)
}

func (w *wire) Get(ctx context.Context, key, etag string, offset, length int64) (objectstore.Content, error) {
	return w.lean.Get(ctx, key, etag, offset, length)
}

func (w *wire) Delete(ctx context.Context, key string) error {
	return fault(w.core.RemoveObject(ctx, w.bucket, key, minio.RemoveObjectOptions{}))
}
