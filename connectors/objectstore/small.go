package objectstore

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/base64"
	"errors"
	"io"
	"sync"

	"gantry/connectors"
	"gantry/connectors/promise"
)

const smallID = "single"

// A small upload is kept in memory and sent at Commit, in one request.
type small struct {
	target
	size int64

	mu        sync.Mutex
	data      *lent  // nil before it is written, and for an empty object
	crc       string // hex
	ended     bool   // aborted
	committed *connectors.Entry
	original  *original // that the store copies; nil if the bytes are sent
	undecided bool      // an earlier Commit got no answer
}

// ID is the same for all small uploads: none can be taken up again.
func (u *small) ID() string { return smallID }

// Fleeting implements connectors.Fleeting.
func (u *small) Fleeting() {}

// Parts knows nothing of what is not sent yet.
func (u *small) Parts(context.Context) ([]connectors.Part, error) { return nil, nil }

// WritePart keeps the bytes, after comparing them with the digest as the store
// would. There is only part 1.
func (u *small) WritePart(ctx context.Context, p connectors.Part, r io.ReadSeeker) (connectors.Part, error) {
	switch {
	case ctx.Err() != nil:
		return connectors.Part{}, u.place.failed(ctx, "write part", u.path, ctx.Err())
	case p.Number != 1 || p.Offset != 0 || p.Size > SmallSize:
		return connectors.Part{}, connectors.Errorf(connectors.KindInvalid, "write part", u.path,
			"part %d of %d bytes is not the one part of a file that was announced with %d bytes", p.Number, p.Size, u.size)
	}
	b, err := newBody(r, p.Size)
	if err != nil {
		return connectors.Part{}, u.place.failed(ctx, "write part", u.path, err)
	}
	data := lend(p.Size)
	crc, err := u.fill(ctx, data, b, p)
	if err != nil {
		data.giveBack()
		return connectors.Part{}, err
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.data.giveBack()
	if u.data = nil; u.ended {
		data.giveBack()
		return connectors.Part{}, u.gone("write part")
	}
	u.data, u.crc, u.committed = data, crc, nil
	return p, nil
}

// fill reads the part, and gives its checksum.
func (u *small) fill(ctx context.Context, data *lent, b *body, p connectors.Part) (crc string, err error) {
	if _, err := io.ReadFull(b, data.bytes); err != nil {
		return "", u.place.failed(ctx, "write part", u.path, err)
	}
	if ctx.Err() != nil {
		return "", u.place.failed(ctx, "write part", u.path, ctx.Err())
	}
	crc = crcOfBytes(data.bytes)
	if given, ok := p.Digests[connectors.CRC64NVME]; ok && given != crc {
		return "", connectors.Errorf(connectors.KindIntegrity, "write part", u.path, "the bytes have the crc64nvme %s, not %s", crc, given)
	}
	return crc, nil
}

// Commit sends the object.
func (u *small) Commit(ctx context.Context, w connectors.Whole) (connectors.Entry, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.ended {
		return connectors.Entry{}, u.gone("commit")
	}
	if u.committed != nil {
		return *u.committed, nil
	}
	if u.original != nil {
		ctx, done := u.place.use(ctx)
		defer done()
		return u.commitCopy(ctx, *u.original)
	}
	if err := u.check(w); err != nil {
		return connectors.Entry{}, err
	}
	ctx, done := u.place.use(ctx)
	defer done()
	receipt, err := u.put(ctx, u.data.all(), u.crc, w.Digests)
	if err != nil {
		var fault *Fault
		answered := errors.As(err, &fault)
		if !answered {
			err = u.place.bucketOr(ctx, u.key, err)
		}
		err = u.place.failed(ctx, "commit", u.path, err)
		if u.undecided && connectors.KindOf(err) == connectors.KindExists {
			// It may be our own, whose answer was lost.
			if entry, confirmed := u.stored(ctx, Receipt{}, w); confirmed == nil && len(entry.Digests) > 0 {
				return u.done(entry), nil
			}
		}
		u.undecided = u.undecided || !answered
		return connectors.Entry{}, err
	}
	if entry, ok := u.vouched(receipt); ok {
		return u.done(entry), nil
	}
	entry, err := u.stored(ctx, receipt, w)
	if err == nil && toHex(receipt.CRC) == u.crc && receipt.ETag == entry.Version && entry.Digests[connectors.CRC64NVME] == u.crc {
		u.place.vouches.Store(true)
	}
	if err != nil {
		return connectors.Entry{}, err
	}
	return u.done(entry), nil
}

// done lets go of the bytes.
func (u *small) done(entry connectors.Entry) connectors.Entry {
	u.data.giveBack()
	u.data, u.committed = nil, &entry
	return entry
}

// vouched is the object by the answer alone, where that is all the caller wants and
// the store's answers have turned out to be what it tells of an object afterwards.
func (u *small) vouched(receipt Receipt) (connectors.Entry, bool) {
	if !u.brief || !u.place.vouches.Load() || receipt.ETag == "" || toHex(receipt.CRC) != u.crc {
		return connectors.Entry{}, false
	}
	return connectors.Entry{
		Path: u.path, Size: int64(len(u.data.all())), Version: receipt.ETag, Digests: connectors.Digests{connectors.CRC64NVME: u.crc},
	}, true
}

func (u *small) check(w connectors.Whole) error {
	if err := promise.CheckWhole(u.path, w); err != nil {
		return err
	}
	if written := int64(len(u.data.all())); written != w.Size || len(w.Parts) > 1 {
		return connectors.Errorf(connectors.KindInvalid, "commit", u.path, "it has %d parts and %d bytes, and %d bytes were written", len(w.Parts), w.Size, written)
	}
	if u.data == nil {
		u.crc = crcOfBytes(nil)
	}
	if whole, ok := w.Digests[connectors.CRC64NVME]; ok && whole != u.crc {
		return connectors.Errorf(connectors.KindIntegrity, "commit", u.path, "the bytes have the crc64nvme %s, not %s", u.crc, whole)
	}
	return nil
}

// Abort forgets the bytes.
func (u *small) Abort(context.Context) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.ended = true
	u.data.giveBack()
	u.data = nil
	return nil
}

// put sends an object in one request, with its digests where the store keeps none.
// Nobody reads data any more when it returns.
func (t target) put(ctx context.Context, data []byte, crc string, digests connectors.Digests) (receipt Receipt, err error) {
	wire, err := toWire(crc)
	if err != nil {
		return receipt, err
	}
	err = t.place.sums.try(func(sums bool) error {
		b, err := newBody(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			return err
		}
		defer b.detach()
		p := Put{Properties: t.properties, Body: b, Size: int64(len(data)), Exclusive: t.exclusive}
		if !sums {
			p.Properties = t.place.stating(t.properties, digests)
		}
		switch p.Checksum = sums; {
		case sums:
			p.CRC = wire
		case t.place.config.Terms.Locks():
			p.MD5 = md5Of(data)
		}
		receipt, err = t.place.client.Put(ctx, t.key, p)
		if err == nil {
			t.place.reached.Store(true)
		}
		if err == nil && sums {
			t.place.sums.learn(receipt)
		}
		return err
	})
	return receipt, err
}

// md5Of is what a store wants to hear of bytes that it locks, where it knows no
// other checksum.
func md5Of(data []byte) string {
	sum := md5.Sum(data)
	return base64.StdEncoding.EncodeToString(sum[:])
}

func (t target) gone(op string) error {
	return connectors.Errorf(connectors.KindNotFound, op, t.path, "the upload was aborted")
}
