package s3

import (
	"context"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"gantry/connectors"
	"gantry/connectors/objectstore"
)

// A wire is the SDK's client for one bucket.
type wire struct {
	api         *s3.Client
	bucket      string
	base        *url.URL                // of the bucket
	credentials aws.CredentialsProvider // nil for none
	line        objectstore.Line
	lean        objectstore.Lean
}

var _ objectstore.Client = (*wire)(nil)

func (w *wire) Head(ctx context.Context, key string) (objectstore.Object, error) {
	if !w.express() {
		return w.lean.Head(ctx, key)
	}
	out, err := w.api.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &w.bucket, Key: &key, ChecksumMode: types.ChecksumModeEnabled})
	if err != nil {
		return objectstore.Object{}, fault(err)
	}
	return objectstore.Object{
		Key: key, Size: aws.ToInt64(out.ContentLength), ModTime: aws.ToTime(out.LastModified), ETag: bare(out.ETag),
		Stated: out.Metadata[objectstore.StatedName], Tags: int(aws.ToInt32(out.TagCount)),
		Sums: objectstore.WholeSums(string(out.ChecksumType), map[connectors.Algorithm]string{
			connectors.CRC64NVME: aws.ToString(out.ChecksumCRC64NVME),
			connectors.CRC32C:    aws.ToString(out.ChecksumCRC32C),
			connectors.CRC32:     aws.ToString(out.ChecksumCRC32),
			connectors.SHA1:      aws.ToString(out.ChecksumSHA1),
			connectors.SHA256:    aws.ToString(out.ChecksumSHA256),
		}),
	}, nil
}

func (w *wire) Get(ctx context.Context, key, etag string, offset, length int64) (objectstore.Content, error) {
	if !w.express() {
		return w.lean.Get(ctx, key, etag, offset, length)
	}
	in := &s3.GetObjectInput{Bucket: &w.bucket, Key: &key}
	if etag != "" {
		in.IfMatch = aws.String(`"` + etag + `"`)
	}
	if asked := objectstore.Range(offset, length); asked != "" {
		in.Range = &asked
	} else {
		in.ChecksumMode = types.ChecksumModeEnabled
	}
	out, err := w.api.GetObject(ctx, in)
	if err != nil {
		return objectstore.Content{}, fault(err)
	}
	c := objectstore.Content{Body: out.Body, Length: -1, Range: aws.ToString(out.ContentRange), ETag: bare(out.ETag)}
	if out.ContentLength != nil {
		c.Length = *out.ContentLength
	}
	c.ModTime = aws.ToTime(out.LastModified)
	if in.Range == nil && c.Range == "" {
		c.Stated = out.Metadata[objectstore.StatedName]
		c.Sums = objectstore.WholeSums(string(out.ChecksumType), map[connectors.Algorithm]string{
			connectors.CRC64NVME: aws.ToString(out.ChecksumCRC64NVME),
			connectors.CRC32C:    aws.ToString(out.ChecksumCRC32C),
			connectors.CRC32:     aws.ToString(out.ChecksumCRC32),
			connectors.SHA1:      aws.ToString(out.ChecksumSHA1),
			connectors.SHA256:    aws.ToString(out.ChecksumSHA256),
		})
	}
	return c, nil
}

func (w *wire) Delete(ctx context.Context, key string) error {
	_, err := w.api.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &w.bucket, Key: &key})
	return fault(err)
}

// bare takes the quotes off an ETag.
func bare(etag *string) string { return strings.Trim(aws.ToString(etag), `"`) }
