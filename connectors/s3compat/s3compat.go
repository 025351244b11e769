// Package s3compat is the connector for stores that speak Amazon's protocol
// without being Amazon, with the client library of MinIO:
// s3+https://host:port/bucket/prefix, or s3+http:// without TLS. Keys come from
// options alone.
//
// What a bucket does as a place, package objectstore says.
package s3compat

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/minio/minio-go/v7/pkg/s3utils"

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
			{Name: "events", Help: "listen: a server of MinIO streams what changes; without it, the place is listed from time to time", Example: "listen"},
		}, append(objectstore.Options(), objectstore.HabitOptions()...)...),
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
	option := func(name string) string { return c.Option(l, name) }
	secure := strings.HasPrefix(strings.ToLower(l.URL), secureScheme+":")
	config, limits, err := objectstore.Configure(l, elements[0], elements[1:], option, secure)
	if err != nil {
		return nil, err
	}
	if config.Habits, err = objectstore.ReadHabits(option, host); err != nil {
		return nil, err
	}
	listen, err := readEvents(option("events"))
	if err != nil {
		return nil, err
	}
	lookup, err := readPathStyle(option("pathStyle"))
	if err != nil {
		return nil, err
	}
	keys, err := readKeys(option)
	if err != nil {
		return nil, err
	}
	transport := objectstore.Transport(limits)
	line := &objectstore.Line{
		Transport: objectstore.Heed(transport), Terms: config.Terms, Now: time.Now,
		Keys: func(context.Context) (objectstore.Keys, error) { return keys, nil },
	}
	line.Signer.Service, line.Signer.Region = "s3", option("region")
	core, err := minio.NewCore(host, &minio.Options{
		Creds:        credentials.NewStaticV4("", "", ""), // line does it, after it has dressed the request
		Secure:       secure,
		Transport:    signing{line, keys.Access == ""},
		Region:       option("region"),
		BucketLookup: lookup,
		MaxRetries:   1,
	})
	if err != nil {
		return nil, &connectors.Error{Kind: connectors.KindInvalid, Op: "read location", Path: l.URL, Err: err, Remedy: "write s3+https://host:port/bucket/prefix"}
	}
	w := &wire{core: core, bucket: config.Bucket, line: line}
	w.base = bucketURL(*core.EndpointURL(), w.bucket, lookup)
	w.lean = objectstore.Lean{Base: w.base, Do: line.Do}
	config.Plain, config.Unsigned = !secure, keys.Access == ""
	config.Endpoint, config.MaxSize, config.Close = host, 5<<40, transport.CloseIdleConnections
	place := objectstore.New(w, config)
	if !listen {
		return place, nil
	}
	return objectstore.WithNotifier(place, &stream{wire: w, root: config.Root, place: place}), nil
}

// bucketURL is where the library sends requests for the bucket.
func bucketURL(endpoint url.URL, bucket string, lookup minio.BucketLookupType) *url.URL {
	if lookup == minio.BucketLookupDNS || (lookup == minio.BucketLookupAuto && s3utils.IsVirtualHostSupported(endpoint, bucket)) {
		endpoint.Host = bucket + "." + endpoint.Host
		return &endpoint
	}
	endpoint.Path = "/" + bucket
	return &endpoint
}

// readKeys wants keys, unless it is said that there are none.
func readKeys(option func(string) string) (objectstore.Keys, error) {
	anonymous, err := objectstore.ReadBool(option, "anonymous")
	if err != nil || anonymous {
		return objectstore.Keys{}, err
	}
	return objectstore.ReadKeys(option)
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
