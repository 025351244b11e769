package s3

import (
	"context"
	"iter"
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
	api          *s3.Client
	bucket       string
	storageClass types.StorageClass
}

var _ objectstore.Client = (*wire)(nil)

// List pages with keys escaped, since XML cannot hold all characters.
func (w *wire) List(ctx context.Context, prefix string) iter.Seq2[objectstore.Object, error] {
	return func(yield func(objectstore.Object, error) bool) {
		in := &s3.ListObjectsV2Input{Bucket: &w.bucket, Prefix: &prefix, EncodingType: types.EncodingTypeUrl}
		seen := make(map[string]bool)
		for {
			page, err := w.api.ListObjectsV2(ctx, in)
			if err != nil {
				yield(objectstore.Object{}, fault(err))
				return
			}
			for _, c := range page.Contents {
				o, err := listed(page.EncodingType, c)
				if !yield(o, err) || err != nil {
					return
				}
			}
			if !aws.ToBool(page.IsTruncated) {
				return
			}
			token := aws.ToString(page.NextContinuationToken)
			if token == "" || seen[token] {
				yield(objectstore.Object{}, connectors.Errorf(connectors.KindIncomplete, "list", prefix, "the store says that there is more, and leads back to the same page"))
				return
			}
			seen[token] = true
			in.ContinuationToken = &token
		}
	}
}

func listed(encoding types.EncodingType, c types.Object) (objectstore.Object, error) {
	key := aws.ToString(c.Key)
	if encoding == types.EncodingTypeUrl {
		plain, err := url.QueryUnescape(key)
		if err != nil {
			return objectstore.Object{}, connectors.Errorf(connectors.KindIncomplete, "list", key, "the key is not escaped as announced")
		}
		key = plain
	}
	return objectstore.Object{Key: key, Size: aws.ToInt64(c.Size), ModTime: aws.ToTime(c.LastModified), ETag: bare(c.ETag)}, nil
}

func (w *wire) Head(ctx context.Context, key string) (objectstore.Object, error) {
	out, err := w.api.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &w.bucket, Key: &key, ChecksumMode: types.ChecksumModeEnabled})
	if err != nil {
		return objectstore.Object{}, fault(err)
	}
	return objectstore.Object{
		Key: key, Size: aws.ToInt64(out.ContentLength), ModTime: aws.ToTime(out.LastModified), ETag: bare(out.ETag),
		Sums: objectstore.WholeSums(string(out.ChecksumType), map[connectors.Algorithm]string{
			connectors.CRC64NVME: aws.ToString(out.ChecksumCRC64NVME),
			connectors.CRC32C:    aws.ToString(out.ChecksumCRC32C),
			connectors.SHA1:      aws.ToString(out.ChecksumSHA1),
			connectors.SHA256:    aws.ToString(out.ChecksumSHA256),
		}),
	}, nil
}

func (w *wire) Get(ctx context.Context, key string, offset, length int64) (objectstore.Content, error) {
	in := &s3.GetObjectInput{Bucket: &w.bucket, Key: &key}
	if asked := objectstore.Range(offset, length); asked != "" {
		in.Range = &asked
	}
	out, err := w.api.GetObject(ctx, in)
	if err != nil {
		return objectstore.Content{}, fault(err)
	}
	c := objectstore.Content{Body: out.Body, Length: -1, Range: aws.ToString(out.ContentRange)}
	if out.ContentLength != nil {
		c.Length = *out.ContentLength
	}
	return c, nil
}

func (w *wire) Copy(ctx context.Context, from, to, ifMatch string) error {
	source := strings.ReplaceAll(url.QueryEscape(w.bucket+"/"+from), "+", "%20")
	in := &s3.CopyObjectInput{Bucket: &w.bucket, Key: &to, CopySource: &source, StorageClass: w.storageClass}
	if ifMatch != "" {
		in.CopySourceIfMatch = aws.String(`"` + ifMatch + `"`)
	}
	_, err := w.api.CopyObject(ctx, in)
	return fault(err)
}

func (w *wire) Delete(ctx context.Context, key string) error {
	_, err := w.api.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &w.bucket, Key: &key})
	return fault(err)
}

// bare takes the quotes off an ETag.
func bare(etag *string) string { return strings.Trim(aws.ToString(etag), `"`) }
