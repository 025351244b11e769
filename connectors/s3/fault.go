package s3

import (
	"context"
	"errors"
	"strings"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"

	"gantry/connectors"
	"gantry/connectors/objectstore"
)

// fault makes the SDK's errors what objectstore judges.
func fault(err error) error {
	if err == nil {
		return nil
	}
	var (
		operation *smithy.OperationError
		parse     *smithy.DeserializationError
		api       smithy.APIError
		response  *awshttp.ResponseError
	)
	f := &objectstore.Fault{}
	if errors.As(err, &response) && response.Response != nil {
		f.Status = response.HTTPStatusCode()
		f.Region = response.Response.Header.Get("X-Amz-Bucket-Region")
	}
	switch {
	case errors.As(err, &api):
		f.Code, f.Message = api.ErrorCode(), api.ErrorMessage()
		return f
	case errors.As(err, &parse):
		return connectors.Errorf(connectors.KindIncomplete, "read answer", "", "the answer breaks off or is not what S3 answers: %w", err)
	case f.Status >= 300:
		return f
	case errors.As(err, &operation):
		err = operation.Err
	}
	if strings.Contains(err.Error(), "get credentials") {
		return unsignable(err) // the SDK has no type for it
	}
	return err
}

// unsignable is what went wrong with credentials while the place was in use. An
// ended context is the caller's own matter.
func unsignable(err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return &connectors.Error{Kind: connectors.KindAuth, Op: "sign", Err: err, Remedy: remedyFor(err)}
}
