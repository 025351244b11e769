package s3compat

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"

	"gantry/connectors/objectstore"
)

const (
	payloadHeader = "X-Amz-Content-Sha256"
	unsigned      = objectstore.UnsignedPayload

	// maxDocument bounds the bodies that are signed, in bytes. They are documents;
	// the bytes of objects have a checksum as a signed header.
	maxDocument = 4 << 20
)

// A signing transport dresses requests with the location's terms, and signs them.
// The library's own signature would leave the terms out.
type signing struct {
	*objectstore.Line
	anonymous bool
}

func (s signing) RoundTrip(given *http.Request) (*http.Response, error) {
	req := given.Clone(given.Context())
	if s.anonymous {
		return s.Send(req, "")
	}
	if err := hashDocument(req); err != nil {
		return nil, err
	}
	return s.Send(req, req.Header.Get(payloadHeader))
}

// hashDocument puts the digest of the body where the signature covers it.
func hashDocument(req *http.Request) error {
	switch {
	case req.Header.Get(payloadHeader) != "":
	case req.Body == nil || req.Body == http.NoBody:
		req.Header.Set(payloadHeader, hashOf(nil))
	case req.Method != http.MethodPost || req.ContentLength < 0 || req.ContentLength > maxDocument:
		req.Header.Set(payloadHeader, unsigned)
	default:
		data, err := io.ReadAll(req.Body)
		if err != nil {
			return err
		}
		if err := req.Body.Close(); err != nil {
			return err
		}
		req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }
		req.Body, _ = req.GetBody()
		req.Header.Set(payloadHeader, hashOf(data))
	}
	return nil
}

func hashOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// Call sends a request as it is, past the library.
func (w *wire) Call(ctx context.Context, r objectstore.Request) (*http.Response, error) {
	req, err := r.New(ctx, w.base)
	if err != nil {
		return nil, err
	}
	return w.line.Do(req, hashOf(r.Body))
}
