package custody

import (
	"bytes"
	"context"

	"gantry/connectors"
	"gantry/transfer/digest"
)

// put writes a small file in one step.
func put(ctx context.Context, place connectors.Place, path string, content []byte, exclusive bool) error {
	sums, err := digest.Of(content, connectors.XXH128, connectors.CRC64NVME, connectors.MD5)
	if err != nil {
		return err
	}
	size := int64(len(content))
	up, err := place.Begin(ctx, path, connectors.UploadOptions{Size: size, ContentType: "application/xml", Exclusive: exclusive})
	if err != nil {
		return err
	}
	whole := connectors.Whole{Size: size, Digests: sums}
	for offset := int64(0); offset < size || offset == 0; {
		piece := content[offset:min(offset+mostPart, size)]
		p := connectors.Part{Number: len(whole.Parts) + 1, Offset: offset, Size: int64(len(piece))}
		if p.Digests, err = digest.Of(piece, connectors.XXH128, connectors.CRC64NVME); err == nil {
			p, err = up.WritePart(ctx, p, bytes.NewReader(piece))
		}
		if err != nil {
			_ = up.Abort(context.WithoutCancel(ctx))
			return err
		}
		whole.Parts = append(whole.Parts, p)
		if offset += int64(len(piece)); len(piece) == 0 {
			break
		}
	}
	if _, err := up.Commit(ctx, whole); err != nil {
		_ = up.Abort(context.WithoutCancel(ctx))
		return err
	}
	return proved(ctx, place, path, content)
}

// mostPart is what is written at once: more than the least that any place asks of a part.
const mostPart = 64 << 20

// proved reads back what was written.
func proved(ctx context.Context, place connectors.Source, path string, content []byte) error {
	back, err := readSmall(ctx, place, path, int64(len(content)))
	if err == nil && !bytes.Equal(back, content) {
		err = connectors.Errorf(connectors.KindIntegrity, "write", path, "what is there now is not what was written")
	}
	return err
}
