// Package grant is the document by which a hub lets an agent without credentials
// send or fetch one file: URLs that the hub has signed, each for one request. Who
// holds a grant may use it, so it is kept like a secret, and never printed.
//
// A grant names either the parts of one multipart upload (parts, partSize,
// complete, abort, completeBody), or one URL to put the file to (put), and in both
// cases one to read it from (get), if its holder may read it. The protocol is S3's:
// a part is a PUT that answers with an ETag, and the upload is completed by a POST
// of the list of them.
//
// The package does no I/O and takes no clock.
package grant

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/url"
	"time"
)

// S3 is the only body of a completion so far: S3's CompleteMultipartUpload.
const S3 = "s3"

// MaxParts is how many parts an upload to S3 may have.
const MaxParts = 10_000

// A Grant lets its holder send or fetch one file.
type Grant struct {
	Path     string            `json:"path,omitempty"`     // what the file is called in the place; "" = as the URLs' path ends
	Expires  time.Time         `json:"expires,omitzero"`   // zero: not told
	Headers  map[string]string `json:"headers,omitempty"`  // to be sent with each part, or with put: those that were signed
	PartSize int64             `json:"partSize,omitempty"` // bytes of each part but the last
	Parts    []Part            `json:"parts,omitempty"`    // ascending, from 1 without gaps
	Complete string            `json:"complete,omitempty"` // takes a POST
	Abort    string            `json:"abort,omitempty"`    // takes a DELETE
	Body     string            `json:"completeBody,omitempty"`
	Put      string            `json:"put,omitempty"` // takes the whole file by a PUT
	Get      string            `json:"get,omitempty"` // gives the file, ranges too
}

// A Part is where one part goes.
type Part struct {
	Number int    `json:"number"`
	URL    string `json:"url"`
}

// Multipart tells whether the file goes in parts.
func (g Grant) Multipart() bool { return len(g.Parts) > 0 }

// MaxSize is the largest file that fits, in bytes; 0 = no limit.
func (g Grant) MaxSize() int64 { return g.PartSize * int64(len(g.Parts)) }

// Expired tells whether the signatures are worth nothing any more.
func (g Grant) Expired(now time.Time) bool { return !g.Expires.IsZero() && !now.Before(g.Expires) }

// ID names the upload that the grant is for: the same for another grant for the
// same upload, which a hub may make when the first has expired.
func (g Grant) ID() string {
	address := g.Complete
	if address == "" {
		address = g.Put
	}
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256([]byte(u.Host + u.EscapedPath() + "?" + u.Query().Get("uploadId")))
	return hex.EncodeToString(sum[:16])
}

// String tells what the grant is for without the URLs.
func (g Grant) String() string {
	return fmt.Sprintf("grant for %q, %d parts, until %s, URLs ***", g.Path, len(g.Parts), g.Expires.UTC().Format(time.RFC3339))
}

// GoString is String: a grant is never printed.
func (g Grant) GoString() string { return g.String() }

// LogValue is String: a grant is never logged.
func (g Grant) LogValue() slog.Value { return slog.StringValue(g.String()) }
