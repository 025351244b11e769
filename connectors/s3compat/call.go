package s3compat

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"

	"github.com/minio/minio-go/v7/pkg/signer"

	"gantry/connectors/objectstore"
)

const (
	payloadHeader = "X-Amz-Content-Sha256"
	unsigned      = "UNSIGNED-PAYLOAD"

	// maxDocument bounds the bodies that are signed, in bytes. They are documents;
	// the bytes of objects have a checksum as a signed header.
	maxDocument = 4 << 20
)

// A signing transport dresses requests with the location's terms, and signs them.
// The library's own signature would leave the terms out.
type signing struct {
	http.RoundTripper
	keys   objectstore.Keys
	region string
	terms  objectstore.Terms
}

func (s signing) RoundTrip(given *http.Request) (*http.Response, error) {
	req := given.Clone(given.Context())
	s.terms.Dress(req.Context(), req)
	if s.keys.Access != "" {
		if err := hashDocument(req); err != nil {
			return nil, err
		}
		req = signer.SignV4(*req, s.keys.Access, s.keys.Secret, s.keys.Token, s.region)
	}
	return s.RoundTripper.RoundTrip(req)
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
		req.Body = io.NopCloser(bytes.NewReader(data))
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
	if len(r.Body) > 0 {
		req.Header.Set(payloadHeader, hashOf(r.Body))
	}
	resp, err := w.transport.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	if err := objectstore.Answered(resp); err != nil {
		return nil, err
	}
	return resp, nil
}
