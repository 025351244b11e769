package s3

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/auth"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"gantry/connectors"
	"gantry/connectors/objectstore"
)

// expressSuffix ends the names of directory buckets, which sign with sessions.
const expressSuffix = "--x-s3"

func (w *wire) express() bool { return strings.HasSuffix(w.bucket, expressSuffix) }

// A signature says how requests to the bucket are signed.
type signature struct{ service, region string }

// resolve asks the SDK once where the bucket is and how requests to it are signed.
func (w *wire) resolve(ctx context.Context) error {
	o := w.api.Options()
	endpoint, err := s3.NewDefaultEndpointResolverV2().ResolveEndpoint(ctx, s3.EndpointParameters{
		Bucket: &w.bucket, Region: &o.Region, Endpoint: o.BaseEndpoint,
		UseFIPS:        aws.Bool(o.EndpointOptions.UseFIPSEndpoint == aws.FIPSEndpointStateEnabled),
		UseDualStack:   aws.Bool(o.EndpointOptions.UseDualStackEndpoint == aws.DualStackEndpointStateEnabled),
		ForcePathStyle: &o.UsePathStyle, Accelerate: &o.UseAccelerate,
		DisableMultiRegionAccessPoints: &o.DisableMultiRegionAccessPoints, UseArnRegion: &o.UseARNRegion,
	})
	if err != nil {
		return err
	}
	w.base, w.credentials, w.http = &endpoint.URI, o.Credentials, o.HTTPClient
	w.signature = signature{"s3", o.Region}
	if schemes, ok := auth.GetAuthOptions(&endpoint.Properties); ok && len(schemes) > 0 {
		if name, ok := smithyhttp.GetSigV4SigningName(&schemes[0].SignerProperties); ok {
			w.signature.service = name
		}
		if region, ok := smithyhttp.GetSigV4SigningRegion(&schemes[0].SignerProperties); ok {
			w.signature.region = region
		}
	}
	w.signer = v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })
	return nil
}

// dress has the SDK's own requests carry the location's terms.
func (w *wire) dress(stack *middleware.Stack) error {
	return stack.Build.Add(middleware.BuildMiddlewareFunc("Terms", func(
		ctx context.Context, in middleware.BuildInput, next middleware.BuildHandler,
	) (middleware.BuildOutput, middleware.Metadata, error) {
		if r, ok := in.Request.(*smithyhttp.Request); ok {
			w.terms.Dress(ctx, r.Request)
		}
		return next.HandleBuild(ctx, in)
	}), middleware.After)
}

// Call signs with the SDK's credentials, and leaves out its middleware.
func (w *wire) Call(ctx context.Context, r objectstore.Request) (*http.Response, error) {
	req, err := r.New(ctx, w.base)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(r.Body)
	return w.do(req, hex.EncodeToString(sum[:]))
}

func (w *wire) do(req *http.Request, payload string) (*http.Response, error) {
	if w.express() {
		return nil, connectors.Errorf(connectors.KindUnsupported, "ask", w.bucket, "a directory bucket has no such thing")
	}
	ctx := req.Context()
	w.terms.Dress(ctx, req)
	if w.credentials != nil && !aws.IsCredentialsProvider(w.credentials, (*aws.AnonymousCredentials)(nil)) {
		req.Header["X-Amz-Content-Sha256"] = []string{payload}
		keys, err := w.credentials.Retrieve(ctx)
		if err != nil {
			return nil, unsignable(err)
		}
		if err := w.signer.SignHTTP(ctx, keys, req, payload, w.signature.service, w.signature.region, time.Now()); err != nil {
			return nil, unsignable(err)
		}
	}
	resp, err := w.http.Do(req)
	if err != nil {
		return nil, withoutQuery(err)
	}
	if err := objectstore.Answered(resp); err != nil {
		return nil, err
	}
	return resp, nil
}

// withoutQuery takes off what net/http puts round an error of the network: the
// request's URL.
func withoutQuery(err error) error {
	if u, ok := err.(*url.Error); ok {
		return u.Err
	}
	return err
}
