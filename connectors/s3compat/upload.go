package s3compat

import (
	"context"
	"maps"
	"strconv"

	"github.com/minio/minio-go/v7"

	"gantry/connectors/objectstore"
)

const (
	checksumHeader  = "X-Amz-Checksum-Crc64nvme"
	algorithmHeader = "X-Amz-Checksum-Algorithm"
	typeHeader      = "X-Amz-Checksum-Type"
	sizeHeader      = "X-Amz-Mp-Object-Size"
)

const metadataPrefix = "x-amz-meta-"

// options are those of a new object. The library sends metadata with the names of
// headers as headers, which is how checksums that are known before get there, and
// why all others get their prefix here. The body is left out of the signature: its
// checksum is a signed header.
func (w *wire) options(p objectstore.Properties, headers map[string]string) minio.PutObjectOptions {
	metadata := maps.Clone(headers)
	for name, value := range p.Metadata {
		metadata[metadataPrefix+name] = value
	}
	return minio.PutObjectOptions{
		ContentType: p.ContentType, UserMetadata: metadata, DisableContentSha256: true,
	}
}

func (w *wire) Put(ctx context.Context, key string, p objectstore.Put) (objectstore.Receipt, error) {
	return w.lean.Put(ctx, key, p)
}

func (w *wire) CreateUpload(ctx context.Context, key string, p objectstore.Properties) (string, error) {
	headers := make(map[string]string)
	if p.Checksum {
		headers[algorithmHeader], headers[typeHeader] = "CRC64NVME", "FULL_OBJECT"
	}
	id, err := w.core.NewMultipartUpload(ctx, w.bucket, key, w.options(p, headers))
	return id, fault(err)
}

func (w *wire) UploadPart(ctx context.Context, key, id string, p objectstore.Piece) (objectstore.Receipt, error) {
	return w.lean.UploadPart(ctx, key, id, p)
}

func (w *wire) ListParts(ctx context.Context, key, id string, after int) (objectstore.PartsPage, error) {
	out, err := w.core.ListObjectParts(ctx, w.bucket, key, id, after, 1000)
	if err != nil {
		return objectstore.PartsPage{}, fault(err)
	}
	page := objectstore.PartsPage{Checksum: out.ChecksumAlgorithm == "CRC64NVME"}
	for _, p := range out.ObjectParts {
		page.Parts = append(page.Parts, objectstore.StoredPart{
			Number: p.PartNumber, Size: p.Size, ETag: bare(p.ETag), CRC: p.ChecksumCRC64NVME,
		})
		page.Next = p.PartNumber
	}
	if !out.IsTruncated {
		page.Next = 0
	}
	return page, nil
}

func (w *wire) CompleteUpload(ctx context.Context, key, id string, c objectstore.Completion) (objectstore.Receipt, error) {
	headers := map[string]string{sizeHeader: strconv.FormatInt(c.Size, 10)}
	if c.Checksum {
		headers[typeHeader] = "FULL_OBJECT"
	}
	if c.CRC != "" {
		headers[checksumHeader] = c.CRC
	}
	options := minio.PutObjectOptions{UserMetadata: headers}
	if c.Exclusive {
		options.SetMatchETagExcept("*")
	}
	parts := make([]minio.CompletePart, len(c.Parts))
	for i, p := range c.Parts {
		parts[i] = minio.CompletePart{PartNumber: p.Number, ETag: p.ETag, ChecksumCRC64NVME: p.CRC}
	}
	info, err := w.core.CompleteMultipartUpload(ctx, w.bucket, key, id, parts, options)
	if err != nil {
		return objectstore.Receipt{}, fault(err)
	}
	return objectstore.Receipt{ETag: info.ETag, CRC: info.ChecksumCRC64NVME}, nil
}

func (w *wire) AbortUpload(ctx context.Context, key, id string) error {
	return fault(w.core.AbortMultipartUpload(ctx, w.bucket, key, id))
}
