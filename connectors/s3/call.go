package s3

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
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
	w.base, w.credentials = &endpoint.URI, o.Credentials
	w.line.Signer.Service, w.line.Signer.Region = "s3", o.Region
	if schemes, ok := auth.GetAuthOptions(&endpoint.Properties); ok && len(schemes) > 0 {
		if name, ok := smithyhttp.GetSigV4SigningName(&schemes[0].SignerProperties); ok {
			w.line.Signer.Service = name
		}
		if region, ok := smithyhttp.GetSigV4SigningRegion(&schemes[0].SignerProperties); ok {
			w.line.Signer.Region = region
		}
	}
	w.lean = objectstore.Lean{Base: w.base, Do: w.do}
	return nil
}

// dress has the SDK's own requests carry the location's terms.
func (w *wire) dress(stack *middleware.Stack) error {
	return stack.Build.Add(middleware.BuildMiddlewareFunc("Terms", func(
		ctx context.Context, in middleware.BuildInput, next middleware.BuildHandler,
	) (middleware.BuildOutput, middleware.Metadata, error) {
		if r, ok := in.Request.(*smithyhttp.Request); ok {
			w.line.Terms.Dress(ctx, r.Request)
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
	return w.line.Do(req, payload)
}

// keys are those that the SDK has for a request; none for an anonymous one.
func (w *wire) keys(ctx context.Context) (objectstore.Keys, error) {
	if w.credentials == nil || aws.IsCredentialsProvider(w.credentials, (*aws.AnonymousCredentials)(nil)) {
		return objectstore.Keys{}, nil
	}
	keys, err := w.credentials.Retrieve(ctx)
	if err != nil {
		return objectstore.Keys{}, unsignable(err)
	}
	return objectstore.Keys{Access: keys.AccessKeyID, Secret: keys.SecretAccessKey, Token: keys.SessionToken}, nil
}
