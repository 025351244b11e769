package objectstore

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"io"
	"maps"
	"strings"
	"sync/atomic"
	"time"

	"gantry/connectors"
)

// abortTimeout bounds an Abort whose caller's context has ended.
const abortTimeout = 10 * time.Second

// A multipart upload is kept by the store, part by part.
type multipart struct {
	target
	id   string // the store's
	sums bool   // created with CRC64NVME

	original  atomic.Pointer[original] // what the store is to copy; nil where parts are written
	short     atomic.Int32             // answers to Commit of which the file was not the result
	conflicts atomic.Int32             // answers to Commit that somebody else is at the path
}

// ID is the store's name for the upload. It means nothing without the path.
func (u *multipart) ID() string { return u.id }

// Parts asks the store, a thousand parts at a time. A part behind a gap has the
// offset -1: the store does not know it.
func (u *multipart) Parts(ctx context.Context) ([]connectors.Part, error) {
	ctx, done := u.place.use(ctx)
	defer done()
	var parts []connectors.Part
	offset := int64(0)
	for after := 0; ; {
		page, err := u.place.client.ListParts(ctx, u.key, u.id, after)
		if err != nil {
			return nil, u.place.failed(ctx, "list parts", u.path, err)
		}
		for _, stored := range page.Parts {
			if stored.Number <= after {
				return nil, connectors.Errorf(connectors.KindIncomplete, "list parts", u.path, "the store lists part %d after part %d", stored.Number, after)
			}
			after = stored.Number
			if after != len(parts)+1 {
				offset = -1
			}
			part := connectors.Part{Number: after, Offset: offset, Size: stored.Size, ETag: stored.ETag}
			if digest := toHex(stored.CRC); digest != "" {
				part.Digests = connectors.Digests{connectors.CRC64NVME: digest}
			} else if isMD5(stored.ETag) {
				part.Digests = connectors.Digests{connectors.MD5: stored.ETag}
			}
			parts = append(parts, part)
			if offset >= 0 {
				offset += stored.Size
			}
		}
		if page.Next == 0 {
			return parts, nil
		}
		if len(page.Parts) == 0 {
			return nil, connectors.Errorf(connectors.KindIncomplete, "list parts", u.path, "the store says that there are more parts, and lists none")
		}
	}
}

// isMD5 tells whether an ETag may be the MD5 of a part. Of what is encrypted with a key
// of the caller's or of KMS it is none, and agrees with nothing.
func isMD5(etag string) bool {
	raw, err := hex.DecodeString(etag)
	return err == nil && len(raw) == md5.Size && strings.ToLower(etag) == etag
}

// WritePart sends the part in one request, with its checksum. One that the caller
// does not give is computed.
func (u *multipart) WritePart(ctx context.Context, p connectors.Part, r io.ReadSeeker) (connectors.Part, error) {
	if p.Number < 1 || p.Number > MaxParts || p.Size > MaxPart {
		return connectors.Part{}, connectors.Errorf(connectors.KindInvalid, "write part", u.path,
			"part %d of %d bytes is beyond the limits: %d parts of at most 5 GiB", p.Number, p.Size, MaxParts)
	}
	u.original.Store(nil)
	ctx, done := u.place.use(ctx)
	defer done()
	b, err := newBody(r, p.Size)
	if err != nil {
		return connectors.Part{}, u.place.failed(ctx, "write part", u.path, err)
	}
	defer b.detach()
	if u.sums && p.Digests[connectors.CRC64NVME] == "" {
		if p.Digests, err = withCRC(p.Digests, b); err != nil {
			return connectors.Part{}, u.place.failed(ctx, "write part", u.path, err)
		}
	}
	receipt, err := u.send(ctx, p, b)
	if err != nil {
		return connectors.Part{}, u.place.failed(ctx, "write part", u.path, err)
	}
	p.ETag = receipt.ETag
	return p, nil
}

func (u *multipart) send(ctx context.Context, p connectors.Part, b *body) (receipt Receipt, err error) {
	wire, err := toWire(p.Digests[connectors.CRC64NVME])
	if err != nil {
		return receipt, err
	}
	attempt := func(sums bool) error {
		piece := Piece{Number: p.Number, Body: b, Size: p.Size}
		if _, err := b.Seek(0, io.SeekStart); err != nil {
			return err
		}
		switch {
		case sums:
			piece.CRC = wire
		case u.place.config.Terms.Locks():
			if piece.MD5, err = b.md5(); err != nil {
				return err
			}
		}
		receipt, err = u.place.client.UploadPart(ctx, u.key, u.id, piece)
		if err == nil && sums {
			u.place.sums.learn(receipt)
		}
		return err
	}
	if !u.sums {
		return receipt, attempt(false)
	}
	err = u.place.sums.try(attempt)
	return receipt, err
}

func withCRC(digests connectors.Digests, b *body) (connectors.Digests, error) {
	crc, err := crcOf(b)
	if err != nil {
		return nil, err
	}
	all := connectors.Digests{connectors.CRC64NVME: crc}
	maps.Copy(all, digests)
	return all, nil
}

// Abort gives up the parts. It has a context of its own if the caller's has
// ended: parts that are left behind cost money for ever.
func (u *multipart) Abort(ctx context.Context) error {
	if ctx.Err() != nil || u.place.closed.Err() != nil {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), abortTimeout)
		defer cancel()
	}
	err := u.place.failed(ctx, "abort", u.path, u.place.client.AbortUpload(ctx, u.key, u.id))
	if connectors.KindOf(err) == connectors.KindNotFound {
		return nil
	}
	return err
}
