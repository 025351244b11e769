package objectstore_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/minio/crc64nvme"

	"gantry/connectors"
	"gantry/connectors/s3"
	"gantry/connectors/s3compat"
)

// A wire opens a bucket of an endpoint (http://host:port).
type wire struct {
	name string
	open func(ctx context.Context, endpoint, bucketAndPrefix string, options map[string]string) (connectors.Place, error)
}

// wires are the two that this package is the place of. The keys are in the
// environment of the test.
var wires = []wire{
	{"s3", func(ctx context.Context, endpoint, bucket string, options map[string]string) (connectors.Place, error) {
		l := connectors.Location{URL: "s3://" + bucket, Options: map[string]string{
			"endpoint": endpoint, "region": "us-east-1", "accessKey": "env:TEST_ACCESS_KEY", "secretKey": "env:TEST_SECRET_KEY",
		}}
		for name, value := range options {
			l.Options[name] = value
		}
		return s3.Connector().Open(ctx, l)
	}},
	{"s3compat", func(ctx context.Context, endpoint, bucket string, options map[string]string) (connectors.Place, error) {
		l := connectors.Location{URL: "s3+" + endpoint + "/" + bucket, Options: map[string]string{
			"accessKey": "env:TEST_ACCESS_KEY", "secretKey": "env:TEST_SECRET_KEY",
		}}
		for name, value := range options {
			l.Options[name] = value
		}
		return s3compat.Connector().Open(ctx, l)
	}},
}

func (w wire) place(t *testing.T, endpoint string, options map[string]string) connectors.Place {
	t.Helper()
	p, err := w.open(t.Context(), endpoint, "bucket/root", options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return p
}

func crc(data []byte) connectors.Digests {
	h := crc64nvme.New()
	_, _ = h.Write(data)
	return connectors.Digests{connectors.CRC64NVME: hex.EncodeToString(h.Sum(nil))}
}

const partSize = 5 << 20

// big has two parts.
func big() []byte { return bytes.Repeat([]byte("0123456789abcdef"), partSize/16+100) }

func cut(data []byte) []connectors.Part {
	var parts []connectors.Part
	for offset := 0; offset < len(data); offset += partSize {
		end := min(offset+partSize, len(data))
		parts = append(parts, connectors.Part{
			Number: len(parts) + 1, Offset: int64(offset), Size: int64(end - offset), Digests: crc(data[offset:end]),
		})
	}
	return parts
}

func write(ctx context.Context, up connectors.Upload, data []byte, p connectors.Part) (connectors.Part, error) {
	return up.WritePart(ctx, p, bytes.NewReader(data[p.Offset:p.Offset+p.Size]))
}

func upload(ctx context.Context, p connectors.Place, path string, data []byte, o connectors.UploadOptions) (connectors.Upload, connectors.Whole, error) {
	o.Size = int64(len(data))
	w := connectors.Whole{Size: o.Size, Digests: crc(data)}
	up, err := p.Begin(ctx, path, o)
	if err != nil {
		return nil, w, err
	}
	for _, part := range cut(data) {
		written, err := write(ctx, up, data, part)
		if err != nil {
			return up, w, err
		}
		w.Parts = append(w.Parts, written)
	}
	return up, w, nil
}

func list(ctx context.Context, p connectors.Place, prefix string) ([]string, error) {
	var paths []string
	for entry, err := range p.List(ctx, prefix) {
		if err != nil {
			return paths, err
		}
		paths = append(paths, entry.Path)
	}
	return paths, nil
}

func read(p connectors.Place, ctx context.Context, path string, offset, length int64) (string, error) {
	r, err := p.Open(ctx, path, offset, length)
	if err != nil {
		return "", err
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	return string(data), err
}

func isKind(t *testing.T, what string, err error, kind connectors.Kind, says ...string) {
	t.Helper()
	if connectors.KindOf(err) != kind {
		t.Errorf("%s: %v (kind %q); want kind %q", what, err, connectors.KindOf(err), kind)
		return
	}
	for _, text := range says {
		if !strings.Contains(fmt.Sprint(err), text) {
			t.Errorf("%s: %v; want it to say %q", what, err, text)
		}
	}
}

// wireForm is a digest as a header has it.
func wireForm(t *testing.T, d connectors.Digests) string {
	t.Helper()
	raw, err := hex.DecodeString(d[connectors.CRC64NVME])
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(raw)
}
