package transfer

import (
	"bytes"
	"context"
	"encoding/hex"
	"io"
	"iter"

	"github.com/zeebo/xxh3"

	"gantry/connectors"
)

// Bytes is a source that holds one file in memory: a manifest, a sidecar. The
// data must not be changed any more.
func Bytes(name string, data []byte) connectors.Source {
	sum := xxh3.Hash128(data).Bytes()
	return &inMemory{data: data, entry: connectors.Entry{Path: name, Size: int64(len(data)), Version: hex.EncodeToString(sum[:])}}
}

type inMemory struct {
	data  []byte
	entry connectors.Entry
}

func (m *inMemory) List(_ context.Context, prefix string) iter.Seq2[connectors.Entry, error] {
	return func(yield func(connectors.Entry, error) bool) {
		if prefix == "" || prefix == m.entry.Path {
			yield(m.entry, nil)
		}
	}
}

func (m *inMemory) Stat(_ context.Context, path string) (connectors.Entry, error) {
	if path != m.entry.Path {
		return connectors.Entry{}, connectors.Errorf(connectors.KindNotFound, "stat", path, "only %q is in memory", m.entry.Path)
	}
	return m.entry, nil
}

func (m *inMemory) Open(ctx context.Context, path string, offset, length int64) (io.ReadCloser, error) {
	if _, err := m.Stat(ctx, path); err != nil {
		return nil, err
	}
	size := int64(len(m.data))
	if length < 0 {
		length = max(0, size-offset)
	}
	if offset < 0 || offset+length > size {
		return nil, connectors.Errorf(connectors.KindIncomplete, "open", path, "bytes %d to %d of %d were asked for", offset, offset+length, size)
	}
	return io.NopCloser(bytes.NewReader(m.data[offset : offset+length])), nil
}
