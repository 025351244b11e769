package s3

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/logging"

	"gantry/connectors"
	"gantry/connectors/link"
	"gantry/connectors/objectstore"
)

// patience bounds how long opening looks for credentials. It is no deadline of
// the context, since the SDK gives up an unreachable metadata service sooner
// where there is none.
const patience = 20 * time.Second

var errImpatient = errors.New("no source of credentials has answered in time")

// load reads the configuration and finds the credentials, which the SDK renews by
// itself before they expire.
func load(ctx context.Context, l connectors.Location, option func(string) string, limits objectstore.Limits) (aws.Config, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	timer := time.AfterFunc(patience, func() { cancel(errImpatient) })
	defer timer.Stop()

	chosen, err := chosenBy(option, limits)
	if err != nil {
		return aws.Config{}, err
	}
	cfg, err := config.LoadDefaultConfig(ctx, chosen...)
	if err != nil {
		return cfg, &connectors.Error{Kind: connectors.KindInvalid, Op: "read location", Path: l.URL, Err: err, Remedy: "check the shared configuration of AWS and the option profile"}
	}
	if cfg.Region == "" {
		cfg.Region = "us-east-1"
	}
	if anonymous, err := objectstore.ReadBool(option, "anonymous"); err != nil || anonymous {
		cfg.Credentials = aws.AnonymousCredentials{}
		return cfg, err
	}
	if err := takeRole(&cfg, option); err != nil {
		return cfg, err
	}
	if _, err := cfg.Credentials.Retrieve(ctx); err != nil {
		return cfg, unauthenticated(ctx, l, err)
	}
	return cfg, nil
}

// chosenBy are what the location's options choose of the shared configuration.
func chosenBy(option func(string) string, limits objectstore.Limits) ([]func(*config.LoadOptions) error, error) {
	options := []func(*config.LoadOptions) error{config.WithLogger(logging.Nop{})}
	if region := option("region"); region != "" {
		options = append(options, config.WithRegion(region))
	}
	if profile := option("profile"); profile != "" {
		options = append(options, config.WithSharedConfigProfile(profile))
	}
	if limits.Authorities != nil {
		client := awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
			t.TLSClientConfig = link.TLS(limits.Authorities)
		})
		options = append(options, config.WithHTTPClient(client))
	}
	keys, err := objectstore.ReadKeys(option)
	if err != nil {
		return nil, err
	}
	if keys.Access != "" {
		options = append(options, config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider(keys.Access, keys.Secret, keys.Token)))
	}
	return options, nil
}

// takeRole exchanges the credentials for those of the option roleArn. A role that
// asks for a second factor is for people and not for us.
func takeRole(cfg *aws.Config, option func(string) string) error {
	role := option("roleArn")
	if role == "" {
		if option("externalId") != "" {
			return &connectors.Error{
				Kind: connectors.KindInvalid, Op: "read option", Path: "externalId", Err: errors.New("it is of use with a role only"),
				Remedy: "give roleArn too, or leave externalId out",
			}
		}
		return nil
	}
	provider := stscreds.NewAssumeRoleProvider(sts.NewFromConfig(*cfg), role, func(o *stscreds.AssumeRoleOptions) {
		o.RoleSessionName = option("roleSessionName")
		if id := option("externalId"); id != "" {
			o.ExternalID = &id
		}
	})
	cfg.Credentials = aws.NewCredentialsCache(provider)
	return nil
}

func unauthenticated(ctx context.Context, l connectors.Location, err error) error {
	switch cause := context.Cause(ctx); {
	case errors.Is(cause, errImpatient):
		return &connectors.Error{
			Kind: connectors.KindTimeout, Op: "open", Path: l.URL, Err: fmt.Errorf("%w: %w", errImpatient, err),
			Remedy: "check the network to the source of the credentials, or give accessKey and secretKey",
		}
	case cause != nil:
		return &connectors.Error{Kind: connectors.KindOf(cause), Op: "open", Path: l.URL, Err: cause}
	}
	return &connectors.Error{
		Kind: connectors.KindAuth, Op: "open", Path: l.URL, Err: fmt.Errorf("no credentials: %w", err), Remedy: remedyFor(err),
	}
}

// remedyFor tells what to do about a source of credentials that gives none.
func remedyFor(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		switch api.ErrorCode() {
		case "AccessDenied":
			return "have the role's owner trust this account, and give the externalId that the role asks for"
		case "ExpiredToken", "ExpiredTokenException", "UnauthorizedException":
			return "log in again: aws sso login, or renew the keys"
		case "InvalidClientTokenId", "SignatureDoesNotMatch":
			return "check the access key and the secret key"
		}
	}
	return "give accessKey and secretKey as env:NAME or file:PATH, or a profile (aws sso login renews its session), or run on a machine that has a role; public buckets need none: anonymous: true"
}
