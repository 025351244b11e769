// Package s3 is the connector for Amazon S3, with the SDK of AWS:
// s3://bucket/prefix. Credentials come from the chain that all tools of AWS
// share, or from options.
//
// What a bucket does as a place, package objectstore says.
package s3

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go/logging"

	"gantry/connectors"
	"gantry/connectors/objectstore"
)

// Connector declares the protocol.
func Connector() connectors.Connector {
	c := connectors.Connector{
		Name:    "s3",
		Schemes: []string{"s3"},
		Summary: "Amazon S3, by its own SDK",
		Options: append([]connectors.Option{
			{Name: "region", Help: "region of the bucket; by default that of the environment or the profile", Example: "eu-central-1"},
			{Name: "endpoint", Help: "another endpoint than Amazon's", Example: "https://bucket.vpce-1a2b3c4d.s3.eu-central-1.vpce.amazonaws.com"},
			{Name: "pathStyle", Help: "true: the bucket stands in the path, false: in the host name; auto: in the path at another endpoint", Default: "auto"},
			{Name: "profile", Help: "profile of the shared configuration of AWS", Example: "archive"},
			{Name: "storageClass", Help: "storage class of new objects", Example: "STANDARD_IA"},
			{Name: "checksum", Help: "whether the endpoint checks CRC64NVME: auto, crc64nvme or none", Default: "auto"},
		}, objectstore.KeyOptions()...),
	}
	c.Open = func(ctx context.Context, l connectors.Location) (connectors.Place, error) { return open(ctx, c, l) }
	return c
}

// open resolves the credentials, and asks nothing of the bucket.
func open(ctx context.Context, c connectors.Connector, l connectors.Location) (connectors.Place, error) {
	if err := c.Check(l); err != nil {
		return nil, err
	}
	bucket, elements, err := objectstore.ParseURL(l)
	if err != nil {
		return nil, err
	}
	if err := objectstore.CheckBucket(l, bucket); err != nil {
		return nil, err
	}
	root, err := objectstore.CleanRoot(strings.Join(elements, "/"))
	if err != nil {
		return nil, err
	}
	checksum, err := objectstore.ParseChecksum(c.Option(l, "checksum"))
	if err != nil {
		return nil, err
	}
	pathStyle, err := readPathStyle(c.Option(l, "pathStyle"), bucket, c.Option(l, "endpoint"))
	if err != nil {
		return nil, err
	}
	transport := objectstore.Transport()
	cfg, err := load(ctx, c, l)
	if err != nil {
		return nil, err
	}
	maxSize := int64(5 << 40)
	endpoint := c.Option(l, "endpoint")
	if endpoint == "" && cfg.BaseEndpoint == nil {
		maxSize = 50e12
	}
	w := &wire{bucket: bucket, storageClass: types.StorageClass(c.Option(l, "storageClass"))}
	w.api = s3.NewFromConfig(cfg, func(o *s3.Options) {
		o.HTTPClient = &http.Client{Transport: transport, CheckRedirect: stay}
		o.Retryer = aws.NopRetryer{}
		o.UsePathStyle = pathStyle
		o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
		o.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired
		o.DisableLogOutputChecksumValidationSkipped = true
		o.Logger = logging.Nop{} // what it warns of, it returns too
		// A round trip before each part is dearer than a part refused now and then.
		o.ContinueHeaderThresholdBytes = -1
		if endpoint != "" {
			o.BaseEndpoint = &endpoint
		}
	})
	return objectstore.New(w, objectstore.Config{
		URL: l.URL, Bucket: bucket, Root: root, MaxSize: maxSize, Checksum: checksum, Close: transport.CloseIdleConnections,
	}), nil
}

// stay keeps signed requests from following a redirect to another host.
func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

func load(ctx context.Context, c connectors.Connector, l connectors.Location) (aws.Config, error) {
	var options []func(*config.LoadOptions) error
	if region := c.Option(l, "region"); region != "" {
		options = append(options, config.WithRegion(region))
	}
	if profile := c.Option(l, "profile"); profile != "" {
		options = append(options, config.WithSharedConfigProfile(profile))
	}
	keys, err := objectstore.ReadKeys(func(name string) string { return c.Option(l, name) })
	if err != nil {
		return aws.Config{}, err
	}
	if keys.Access != "" {
		options = append(options, config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider(keys.Access, keys.Secret, keys.Token)))
	}
	cfg, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return cfg, &connectors.Error{Kind: connectors.KindInvalid, Op: "read location", Path: l.URL, Err: err, Remedy: "check the shared configuration of AWS and the option profile"}
	}
	if cfg.Region == "" {
		cfg.Region = "us-east-1"
	}
	if _, err := cfg.Credentials.Retrieve(ctx); err != nil {
		return cfg, unauthenticated(ctx, l, err)
	}
	return cfg, nil
}

func unauthenticated(ctx context.Context, l connectors.Location, err error) error {
	if ctx.Err() != nil {
		return &connectors.Error{Kind: connectors.KindOf(ctx.Err()), Op: "open", Path: l.URL, Err: ctx.Err()}
	}
	return &connectors.Error{
		Kind: connectors.KindAuth, Op: "open", Path: l.URL, Err: fmt.Errorf("no credentials: %w", err),
		Remedy: "give accessKey and secretKey as env:NAME or file:PATH, or a profile, or run on a machine that has a role",
	}
}

// readPathStyle decides where the bucket's name goes. A certificate for
// *.s3.amazonaws.com does not cover a bucket with dots.
func readPathStyle(value, bucket, endpoint string) (bool, error) {
	if value == "auto" {
		return endpoint != "" || strings.Contains(bucket, "."), nil
	}
	style, err := strconv.ParseBool(value)
	if err != nil {
		return false, &connectors.Error{
			Kind: connectors.KindInvalid, Op: "read option", Path: "pathStyle", Err: errors.New("it is neither auto, true nor false"),
			Remedy: "leave it out",
		}
	}
	return style, nil
}
