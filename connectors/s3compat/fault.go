package s3compat

import (
	"errors"
	"strings"

	"github.com/minio/minio-go/v7"

	"gantry/connectors"
	"gantry/connectors/objectstore"
)

// fault makes the library's errors what objectstore judges.
func fault(err error) error {
	var answer minio.ErrorResponse
	if !errors.As(err, &answer) {
		return err
	}
	return &objectstore.Fault{Status: answer.StatusCode, Code: answer.Code, Message: answer.Message, Region: answer.Region}
}

// broken is fault for a page of a listing: what the library itself finds wrong
// with an answer has no status.
func broken(prefix string, err error) error {
	var f *objectstore.Fault
	if errors.As(err, &f) && f.Status == 0 {
		return connectors.Errorf(connectors.KindIncomplete, "list", prefix, "%s", f.Message)
	}
	return err
}

// bare takes the quotes off an ETag.
func bare(etag string) string { return strings.Trim(etag, `"`) }
