package objectstore

import (
	"context"
	"fmt"
	"io"
	"time"

	"gantry/connectors"
)

// A Client is the wire to one bucket. Keys are whole keys. Checksums are base64,
// as on the wire. It does not retry. An answer that is no success is a [*Fault];
// what never got an answer is the error of net/http. It may be used by many
// goroutines at once.
type Client interface {
	Reader
	Writer
	Multipart
	Caller
}

// A Reader reads objects.
type Reader interface {
	// Head describes an object, with its checksums.
	Head(ctx context.Context, key string) (Object, error)

	// Get opens an object from offset on: length bytes, or all if length is below
	// zero. A whole object is asked for without a range, and with its checksums. An
	// object with another ETag than etag is a Fault of the status 412; "" takes any.
	Get(ctx context.Context, key, etag string, offset, length int64) (Content, error)
}

// A Writer changes whole objects.
type Writer interface {
	Put(ctx context.Context, key string, p Put) (Receipt, error)
	Delete(ctx context.Context, key string) error
}

// A Multipart makes an object of parts.
type Multipart interface {
	CreateUpload(ctx context.Context, key string, p Properties) (id string, err error)
	UploadPart(ctx context.Context, key, id string, p Piece) (Receipt, error)
	ListParts(ctx context.Context, key, id string, after int) (PartsPage, error)
	CompleteUpload(ctx context.Context, key, id string, c Completion) (Receipt, error)
	AbortUpload(ctx context.Context, key, id string) error
}

// An Object is what a store tells about one.
type Object struct {
	Key     string
	Size    int64
	ModTime time.Time
	ETag    string                          // without quotes
	Sums    map[connectors.Algorithm]string // of the whole object
	Stated  string                          // the metadata called [StatedName]
	Tags    int                             // how many, if the store says so
}

// Content is the body of an answer.
type Content struct {
	Body   io.ReadCloser
	Length int64  // bytes of Body; -1 if not told
	Range  string // Content-Range; "" if the whole object comes
	ETag   string // without quotes

	ModTime time.Time // of the object; zero if not told

	Sums   map[connectors.Algorithm]string // of the whole object, if that was asked for
	Stated string                          // the metadata called [StatedName]
}

// Properties are what an object has beside its bytes.
type Properties struct {
	ContentType string
	Metadata    map[string]string
	Checksum    bool // CRC64NVME of the full object, sent with each part
}

// A Put is an object sent in one request.
type Put struct {
	Properties
	Body      io.ReadSeeker
	Size      int64
	CRC       string // CRC64NVME; "" for none
	MD5       string // "" for none
	Exclusive bool   // only if there is no such object
}

// A Piece is one part to be sent.
type Piece struct {
	Number int
	Body   io.ReadSeeker
	Size   int64
	CRC    string // CRC64NVME; "" for none
	MD5    string // "" for none
}

// A Receipt is the store's answer to what was sent.
type Receipt struct {
	ETag string
	CRC  string // CRC64NVME as the store says it; "" if it says none
}

// A StoredPart is one part that the store holds.
type StoredPart struct {
	Number int
	Size   int64
	ETag   string
	CRC    string
}

// A PartsPage is one page of the parts of an upload.
type PartsPage struct {
	Parts    []StoredPart
	Next     int  // number to go on after; 0 on the last page
	Checksum bool // the upload was created with CRC64NVME
}

// A Completion makes the parts an object.
type Completion struct {
	Parts     []StoredPart
	Size      int64
	Checksum  bool   // the upload was created with CRC64NVME
	CRC       string // of the whole; "" to have it not compared
	Exclusive bool
}

// Range writes the header Range for Get; "" for a whole object.
func Range(offset, length int64) string {
	switch {
	case length >= 0:
		return fmt.Sprintf("bytes=%d-%d", offset, offset+length-1)
	case offset > 0:
		return fmt.Sprintf("bytes=%d-", offset)
	default:
		return ""
	}
}
