package s3

import (
	"context"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"gantry/connectors/objectstore"
)

// unsigned leaves the body out of the signature: its checksum is a header, which
// is signed. A SHA-256 of all bytes would cost more than everything else.
func unsigned(o *s3.Options) {
	o.APIOptions = append(o.APIOptions, v4.SwapComputePayloadSHA256ForUnsignedPayloadMiddleware)
}

func (w *wire) Put(ctx context.Context, key string, p objectstore.Put) (objectstore.Receipt, error) {
	if !w.express() {
		return w.lean.Put(ctx, key, p)
	}
	in := &s3.PutObjectInput{
		Bucket: &w.bucket, Key: &key, Body: p.Body, ContentLength: &p.Size,
		ContentType: &p.ContentType, Metadata: p.Metadata,
		ChecksumCRC64NVME: set(p.CRC), ContentMD5: set(p.MD5),
	}
	if p.Exclusive {
		in.IfNoneMatch = aws.String("*")
	}
	out, err := w.api.PutObject(ctx, in, unsigned)
	if err != nil {
		return objectstore.Receipt{}, fault(err)
	}
	return objectstore.Receipt{ETag: bare(out.ETag), CRC: aws.ToString(out.ChecksumCRC64NVME)}, nil
}

func (w *wire) CreateUpload(ctx context.Context, key string, p objectstore.Properties) (string, error) {
	in := &s3.CreateMultipartUploadInput{
		Bucket: &w.bucket, Key: &key, ContentType: &p.ContentType, Metadata: p.Metadata,
	}
	if p.Checksum {
		in.ChecksumAlgorithm, in.ChecksumType = types.ChecksumAlgorithmCrc64nvme, types.ChecksumTypeFullObject
	}
	out, err := w.api.CreateMultipartUpload(ctx, in)
	if err != nil {
		return "", fault(err)
	}
	return aws.ToString(out.UploadId), nil
}

func (w *wire) UploadPart(ctx context.Context, key, id string, p objectstore.Piece) (objectstore.Receipt, error) {
	if !w.express() {
		return w.lean.UploadPart(ctx, key, id, p)
	}
	out, err := w.api.UploadPart(ctx, &s3.UploadPartInput{
		Bucket: &w.bucket, Key: &key, UploadId: &id, PartNumber: aws.Int32(int32(p.Number)),
		Body: p.Body, ContentLength: &p.Size, ChecksumCRC64NVME: set(p.CRC), ContentMD5: set(p.MD5),
	}, unsigned)
	if err != nil {
		return objectstore.Receipt{}, fault(err)
	}
	return objectstore.Receipt{ETag: bare(out.ETag), CRC: aws.ToString(out.ChecksumCRC64NVME)}, nil
}

func (w *wire) ListParts(ctx context.Context, key, id string, after int) (objectstore.PartsPage, error) {
	in := &s3.ListPartsInput{Bucket: &w.bucket, Key: &key, UploadId: &id}
	if after > 0 {
		in.PartNumberMarker = aws.String(strconv.Itoa(after))
	}
	out, err := w.api.ListParts(ctx, in)
	if err != nil {
		return objectstore.PartsPage{}, fault(err)
	}
	page := objectstore.PartsPage{Checksum: out.ChecksumAlgorithm == types.ChecksumAlgorithmCrc64nvme}
	for _, p := range out.Parts {
		page.Parts = append(page.Parts, objectstore.StoredPart{
			Number: int(aws.ToInt32(p.PartNumber)), Size: aws.ToInt64(p.Size), ETag: bare(p.ETag), CRC: aws.ToString(p.ChecksumCRC64NVME),
		})
		page.Next = int(aws.ToInt32(p.PartNumber))
	}
	if !aws.ToBool(out.IsTruncated) {
		page.Next = 0
	}
	return page, nil
}

func (w *wire) CompleteUpload(ctx context.Context, key, id string, c objectstore.Completion) (objectstore.Receipt, error) {
	in := &s3.CompleteMultipartUploadInput{
		Bucket: &w.bucket, Key: &key, UploadId: &id, MpuObjectSize: &c.Size,
		MultipartUpload: &types.CompletedMultipartUpload{}, ChecksumCRC64NVME: set(c.CRC),
	}
	if c.Checksum {
		in.ChecksumType = types.ChecksumTypeFullObject
	}
	if c.Exclusive {
		in.IfNoneMatch = aws.String("*")
	}
	for _, p := range c.Parts {
		in.MultipartUpload.Parts = append(in.MultipartUpload.Parts, types.CompletedPart{
			PartNumber: aws.Int32(int32(p.Number)), ETag: aws.String(`"` + p.ETag + `"`), ChecksumCRC64NVME: set(p.CRC),
		})
	}
	out, err := w.api.CompleteMultipartUpload(ctx, in)
	if err != nil {
		return objectstore.Receipt{}, fault(err)
	}
	return objectstore.Receipt{ETag: bare(out.ETag), CRC: aws.ToString(out.ChecksumCRC64NVME)}, nil
}

func (w *wire) AbortUpload(ctx context.Context, key, id string) error {
	_, err := w.api.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: &w.bucket, Key: &key, UploadId: &id})
	return fault(err)
}

// set leaves an empty value out of a request.
func set(value string) *string {
	if value == "" {
		return nil
	}
	return &value
}
