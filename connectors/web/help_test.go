package web_test

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"testing"

	"gantry/connectors"
)

func keyPEM(t *testing.T, key any) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	must(t, err)
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

// upload sends data as one part.
func upload(t *testing.T, p connectors.Place, path string, data []byte) (connectors.Entry, error) {
	t.Helper()
	up, err := p.Begin(t.Context(), path, connectors.UploadOptions{Size: int64(len(data))})
	if err != nil {
		return connectors.Entry{}, err
	}
	part, err := up.WritePart(t.Context(), connectors.Part{Number: 1, Size: int64(len(data))}, bytes.NewReader(data))
	if err != nil {
		return connectors.Entry{}, err
	}
	return up.Commit(t.Context(), connectors.Whole{Parts: []connectors.Part{part}, Size: int64(len(data))})
}
