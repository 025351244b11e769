// Package s3compat is the connector for stores that speak Amazon's protocol
// without being Amazon, with the client library of MinIO:
// s3+https://host:port/bucket/prefix, or s3+http:// without TLS. Keys come from
// options alone; without any, requests are anonymous.
//
// What a bucket does as a place, package objectstore says.
package s3compat

import (
	"context"
	"errors"
	"strings"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"gantry/connectors"
	"gantry/connectors/objectstore"
)

const secureScheme = "s3+https"

// Connector declares the protocol.
func Connector() connectors.Connector {
	c := connectors.Connector{
		Name:    "s3compat",
		Schemes: []string{secureScheme, "s3+http"},
		Summary: "stores that speak the protocol of Amazon S3",
		Options: append([]connectors.Option{
			{Name: "region", Help: "region that requests are signed for", Default: "us-east-1"},
			{Name: "pathStyle", Help: "true: the bucket stands in the path, false: in the host name; auto: as the store is known to want it", Default: "auto"},
			{Name: "storageClass", Help: "storage class of new objects", Example: "STANDARD_IA"},
			{Name: "checksum", Help: "whether the store checks CRC64NVME: auto, crc64nvme or none", Default: "auto"},
		}, objectstore.KeyOptions()...),
	}
	c.Open = func(_ context.Context, l connectors.Location) (connectors.Place, error) { return open(c, l) }
	return c
}

// open asks nothing of the network.
func open(c connectors.Connector, l connectors.Location) (connectors.Place, error) {
	if err := c.Check(l); err != nil {
		return nil, err
	}
	host, elements, err := objectstore.ParseURL(l)
	if err != nil {
		return nil, err
	}
	if len(elements) == 0 {
		return nil, &connectors.Error{
			Kind: connectors.KindInvalid, Op: "read location", Path: l.URL, Err: errors.New("it names no bucket"),
			Remedy: "write s3+https://host:port/bucket/prefix",
		}
	}
	if err := objectstore.CheckBucket(l, elements[0]); err != nil {
		return nil, err
	}
	root, err := objectstore.CleanRoot(strings.Join(elements[1:], "/"))
	if err != nil {
		return nil, err
	}
	checksum, err := objectstore.ParseChecksum(c.Option(l, "checksum"))
	if err != nil {
		return nil, err
	}
	lookup, err := readPathStyle(c.Option(l, "pathStyle"))
	if err != nil {
		return nil, err
	}
	keys, err := objectstore.ReadKeys(func(name string) string { return c.Option(l, name) })
	if err != nil {
		return nil, err
	}
	transport := objectstore.Transport()
	core, err := minio.NewCore(host, &minio.Options{
		Creds:        credentials.NewStaticV4(keys.Access, keys.Secret, keys.Token),
		Secure:       strings.HasPrefix(l.URL, secureScheme+":"),
		Transport:    guard{transport},
		Region:       c.Option(l, "region"),
		BucketLookup: lookup,
		MaxRetries:   1,
	})
	if err != nil {
		return nil, &connectors.Error{Kind: connectors.KindInvalid, Op: "read location", Path: l.URL, Err: err, Remedy: "write s3+https://host:port/bucket/prefix"}
	}
	w := &wire{core: core, bucket: elements[0], storageClass: c.Option(l, "storageClass")}
	return objectstore.New(w, objectstore.Config{
		URL: l.URL, Bucket: w.bucket, Root: root, MaxSize: 5 << 40, Checksum: checksum, Close: transport.CloseIdleConnections,
	}), nil
}

func readPathStyle(value string) (minio.BucketLookupType, error) {
	switch value {
	case "auto":
		return minio.BucketLookupAuto, nil
	case "true":
		return minio.BucketLookupPath, nil
	case "false":
		return minio.BucketLookupDNS, nil
	default:
		return 0, &connectors.Error{
			Kind: connectors.KindInvalid, Op: "read option", Path: "pathStyle", Err: errors.New("it is neither auto, true nor false"),
			Remedy: "leave it out",
		}
	}
}
