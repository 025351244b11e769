// Package s3 is the connector for Amazon S3, with the SDK of AWS:
// s3://bucket/prefix. Credentials come from the chain that all tools of AWS
// share, or from options, and may be exchanged for those of a role.
//
// What a bucket does as a place, package objectstore says.
package s3

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"
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
			{Name: "events", Help: "URL or ARN of a queue of SQS that the bucket's notifications go to, directly, by SNS or by EventBridge; it belongs to this location alone", Example: "https://sqs.eu-central-1.amazonaws.com/111122223333/media"},
			{Name: "roleArn", Help: "role to take on, with whatever credentials were found", Example: "arn:aws:iam::111122223333:role/ingest"},
			{Name: "externalId", Help: "what the owner of the role wants to hear from us", Example: "gantry-4711"},
			{Name: "roleSessionName", Help: "our name in the records of the role's owner", Default: "gantry"},
		}, append(objectstore.Options(), objectstore.HabitOptions()...)...),
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
	option := func(name string) string { return c.Option(l, name) }
	plain := strings.HasPrefix(strings.ToLower(option("endpoint")), "http://")
	config, limits, err := objectstore.Configure(l, bucket, elements, option, !plain)
	if err != nil {
		return nil, err
	}
	pathStyle, err := readPathStyle(option("pathStyle"), bucket)
	if err != nil {
		return nil, err
	}
	cfg, err := load(ctx, l, option, limits)
	if err != nil {
		return nil, err
	}
	transport := objectstore.Transport(limits)
	trust(transport.TLSClientConfig, cfg)
	w := &wire{bucket: bucket}
	w.line.Transport, w.line.Terms, w.line.Keys, w.line.Now = objectstore.Heed(transport), config.Terms, w.keys, time.Now
	w.api = s3.NewFromConfig(cfg, lean, func(o *s3.Options) {
		o.HTTPClient = &http.Client{Transport: w.line.Transport, CheckRedirect: stay}
		if endpoint := option("endpoint"); endpoint != "" {
			o.BaseEndpoint = &endpoint
		}
		o.UsePathStyle = pathStyle(o.BaseEndpoint != nil)
		o.APIOptions = append(o.APIOptions, w.dress)
	})
	if err := w.resolve(ctx); err != nil {
		return nil, &connectors.Error{Kind: connectors.KindInvalid, Op: "read location", Path: l.URL, Err: err, Remedy: "check the options region and endpoint"}
	}
	if config.Habits, err = objectstore.ReadHabits(option, w.base.Host); err != nil {
		return nil, err
	}
	if w.base.Scheme != "https" && !plain { // by AWS_ENDPOINT_URL
		if _, err := objectstore.ReadTerms(option, false, time.Now); err != nil {
			return nil, err
		}
	}
	config.Endpoint, config.Plain, config.Close = w.base.Host, w.base.Scheme != "https", transport.CloseIdleConnections
	config.MaxSize = 5 << 40
	if w.api.Options().BaseEndpoint == nil {
		config.MaxSize = 50e12
	}
	place := objectstore.New(w, config)
	if option("events") == "" {
		return place, nil
	}
	events, err := queueOf(option("events"), cfg, transport, limits, place)
	if err != nil {
		_ = place.Close()
		return nil, err
	}
	return objectstore.WithNotifier(place, events), nil
}

// lean takes off what the SDK does beside asking.
func lean(o *s3.Options) {
	o.Retryer = retry.NewStandard(func(r *retry.StandardOptions) { // the second attempt goes by the store's clock
		r.MaxAttempts, r.RateLimiter = 2, ratelimit.None
		r.Retryables = []retry.IsErrorRetryable{retry.RetryableErrorCode{Codes: map[string]struct{}{"RequestTimeTooSkewed": {}}}}
		r.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 0, nil })
	})
	o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
	o.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired
	o.DisableLogOutputChecksumValidationSkipped = true
	o.Logger = logging.Nop{} // what it warns of, it returns too
	// A round trip before each part is dearer than a part refused now and then.
	o.ContinueHeaderThresholdBytes = -1
}

// stay keeps signed requests from following a redirect to another host.
func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// trust has our connections trust what the SDK's own do: the authorities of
// caFile, of AWS_CA_BUNDLE or of the profile's ca_bundle.
func trust(ours *tls.Config, cfg aws.Config) {
	if client, ok := cfg.HTTPClient.(*awshttp.BuildableClient); ok {
		if theirs := client.GetTransport().TLSClientConfig; theirs != nil && theirs.RootCAs != nil {
			ours.RootCAs = theirs.RootCAs
		}
	}
}

// readPathStyle decides where the bucket's name goes, at another endpoint than
// Amazon's or at Amazon's own. A certificate for *.s3.amazonaws.com does not cover
// a bucket with dots.
func readPathStyle(value, bucket string) (func(elsewhere bool) bool, error) {
	if value == "auto" {
		return func(elsewhere bool) bool { return elsewhere || strings.Contains(bucket, ".") }, nil
	}
	style, err := strconv.ParseBool(value)
	if err != nil {
		return nil, &connectors.Error{
			Kind: connectors.KindInvalid, Op: "read option", Path: "pathStyle", Err: errors.New("it is neither auto, true nor false"),
			Remedy: "leave it out",
		}
	}
	return func(bool) bool { return style }, nil
}
