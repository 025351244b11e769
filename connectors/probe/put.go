package probe

import (
	"bytes"
	"context"
	"fmt"
	"hash"
	"io"
	"math/rand/v2"

	"golang.org/x/sync/errgroup"

	"gantry/connectors"
)

// bytesOf makes content that no link compresses, the same for a seed.
func bytesOf(seed uint64, size int64) []byte {
	data := make([]byte, size)
	_, _ = rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8), byte(seed >> 16)}).Read(data)
	return data
}

// cut divides data into parts that the place takes.
func (p *probe) cut(data []byte, size int64) []connectors.Part {
	size = max(size, p.traits.MinPart, 1)
	if p.traits.MaxPart > 0 {
		size = min(size, p.traits.MaxPart)
	}
	var parts []connectors.Part
	for offset := int64(0); offset < int64(len(data)); offset += size {
		parts = append(parts, connectors.Part{Number: len(parts) + 1, Offset: offset, Size: min(size, int64(len(data))-offset)})
	}
	return parts
}

// put uploads data in one go.
func (p *probe) put(ctx context.Context, path string, data []byte, o connectors.UploadOptions) (connectors.Entry, error) {
	return p.putParts(ctx, path, data, p.cut(data, max(8<<20, p.traits.MinPart)), 1, o)
}

// putParts uploads data in the given parts, so many at once.
func (p *probe) putParts(ctx context.Context, path string, data []byte, parts []connectors.Part, parallel int, o connectors.UploadOptions) (connectors.Entry, error) {
	o.Size = int64(len(data))
	upload, err := p.place.Begin(ctx, path, o)
	if err != nil {
		return connectors.Entry{}, err
	}
	if parts, err = p.write(ctx, upload, data, parts, parallel); err == nil {
		var entry connectors.Entry
		if entry, err = upload.Commit(ctx, whole(data, parts)); err == nil {
			return entry, nil
		}
	}
	_ = upload.Abort(context.WithoutCancel(ctx)) // the error that led here is the one to tell; cleanUp sweeps
	return connectors.Entry{}, err
}

func (p *probe) write(ctx context.Context, upload connectors.Upload, data []byte, parts []connectors.Part, parallel int) ([]connectors.Part, error) {
	if p.traits.Sequential {
		parallel = 1
	}
	written := make([]connectors.Part, len(parts))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(parallel)
	for i, part := range parts {
		group.Go(func() (err error) {
			content := data[part.Offset : part.Offset+part.Size]
			part.Digests = digestsOf(content)
			written[i], err = upload.WritePart(ctx, part, bytes.NewReader(content))
			if written[i].Digests == nil {
				written[i].Digests = part.Digests
			}
			return err
		})
	}
	return written, group.Wait()
}

func whole(data []byte, parts []connectors.Part) connectors.Whole {
	return connectors.Whole{Parts: parts, Size: int64(len(data)), Digests: digestsOf(data)}
}

// digestsOf computes all digests of small content, and of large content the one
// that costs nothing.
func digestsOf(data []byte) connectors.Digests {
	digests := make(connectors.Digests, len(algorithms))
	for algorithm, make := range algorithms {
		if len(data) <= 1<<20 || algorithm == connectors.CRC64NVME {
			digests[algorithm] = sum(make(), data)
		}
	}
	return digests
}

func sum(h hash.Hash, data []byte) string {
	_, _ = h.Write(data)
	return fmt.Sprintf("%x", h.Sum(nil))
}

// holds tells whether the file at path is data.
func (p *probe) holds(ctx context.Context, path string, data []byte, offset, length int64) error {
	r, err := p.place.Open(ctx, path, offset, length)
	if err != nil {
		return err
	}
	got, err := io.ReadAll(io.LimitReader(r, int64(len(data))+1))
	if closed := r.Close(); err == nil {
		err = closed
	}
	want := data[offset:]
	if length >= 0 {
		want = want[:length]
	}
	if err == nil && !bytes.Equal(got, want) {
		err = connectors.Errorf(connectors.KindIntegrity, "read back", path, "other bytes come back than were sent (%d read, %d sent)", len(got), len(want))
	}
	return err
}
