package s3compat

import (
	"errors"
	"strings"

	"github.com/minio/minio-go/v7"

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

// bare takes the quotes off an ETag.
func bare(etag string) string { return strings.Trim(etag, `"`) }
