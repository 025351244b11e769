package objectstore

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"gantry/connectors"
	"gantry/connectors/promise"
)

// Commit completes the upload with the whole's checksum and size, and looks at
// the result.
func (u *multipart) Commit(ctx context.Context, w connectors.Whole) (connectors.Entry, error) {
	if err := promise.CheckWhole(u.path, w); err != nil {
		return connectors.Entry{}, err
	}
	ctx, done := u.place.use(ctx)
	defer done()
	if o := u.original.Load(); o != nil {
		return u.commitFilled(ctx, *o)
	}
	if len(w.Parts) == 0 {
		return u.commitEmpty(ctx, w)
	}
	completion, err := u.completion(ctx, w)
	if err != nil {
		return connectors.Entry{}, u.place.failed(ctx, "commit", u.path, err)
	}
	receipt, err := u.place.client.CompleteUpload(ctx, u.key, u.id, completion)
	switch {
	case err == nil:
		entry, err := u.stored(ctx, receipt, w)
		if errors.Is(err, errNotMade) && u.short.Add(1) > patienceWithShort {
			return entry, u.lost(ctx, err)
		}
		return entry, err
	case status(err) == http.StatusNotFound, status(err) == http.StatusPreconditionFailed:
		if entry, ok := u.committedBefore(ctx, w); ok {
			return entry, nil
		}
	case code(err) == "ConditionalRequestConflict" && u.conflicts.Add(1) > 1:
		return connectors.Entry{}, u.lost(ctx, err)
	}
	return connectors.Entry{}, u.place.failed(ctx, "commit", u.path, err)
}

// patienceWithShort is how often a store may say that it has completed an upload and show
// another file: one that was killed while it did so may have lost the parts.
const patienceWithShort = 3

var errNotMade = errors.New("the store says that it has completed the upload, and does not show the file")

// lost gives up an upload of which nothing more can come: it was refused twice because
// somebody else wrote to the path or removed it at the same moment, or the store has lost
// it. S3 wants the whole upload again.
func (u *multipart) lost(ctx context.Context, refusal error) error {
	if err := u.Abort(ctx); err != nil {
		return err
	}
	return connectors.Errorf(connectors.KindNotFound, "commit", u.path, "somebody else is at this path too, or the parts are lost, and the upload has to begin again: %w", refusal)
}

// commitEmpty is for a file of unknown size that stayed empty: S3 completes no
// upload without parts.
func (u *multipart) commitEmpty(ctx context.Context, w connectors.Whole) (connectors.Entry, error) {
	receipt, err := u.put(ctx, nil, crcOfBytes(nil), w.Digests)
	if err != nil {
		return connectors.Entry{}, u.place.failed(ctx, "commit", u.path, err)
	}
	if err := u.Abort(ctx); err != nil {
		return connectors.Entry{}, err
	}
	return u.stored(ctx, receipt, w)
}

func (u *multipart) completion(ctx context.Context, w connectors.Whole) (Completion, error) {
	c := Completion{Size: w.Size, Checksum: u.sums && u.place.sums.wanted(), Exclusive: u.exclusive}
	for _, p := range w.Parts {
		if p.ETag == "" {
			return c, connectors.Errorf(connectors.KindInvalid, "commit", u.path, "part %d has no receipt: it was not written", p.Number)
		}
		c.Parts = append(c.Parts, StoredPart{Number: p.Number, Size: p.Size, ETag: p.ETag})
	}
	if err := u.checkEqual(w.Parts); err != nil {
		return c, err
	}
	if !c.Checksum {
		return c, nil
	}
	var err error
	if c.CRC, err = toWire(w.Digests[connectors.CRC64NVME]); err != nil {
		return c, err
	}
	sums, err := u.partSums(ctx, w)
	if err != nil {
		return c, err
	}
	for i := range c.Parts {
		if c.Parts[i].CRC, err = toWire(sums[c.Parts[i].Number]); err != nil {
			return c, err
		}
	}
	return c, nil
}

// checkEqual refuses parts that the store would.
func (u *multipart) checkEqual(parts []connectors.Part) error {
	if !u.place.config.Habits.Equal {
		return nil
	}
	for _, p := range parts[1:] {
		if p.Size > parts[0].Size || (p.Size < parts[0].Size && p.Number < len(parts)) {
			return &connectors.Error{
				Kind: connectors.KindInvalid, Op: "commit", Path: u.path, Remedy: "send it again in equal parts",
				Err: fmt.Errorf("part %d has %d bytes and part 1 has %d: this store wants all but the last to be equal", p.Number, p.Size, parts[0].Size),
			}
		}
	}
	return nil
}

// partSums gives the CRC64NVME of each part, which the store wants to hear again.
// It is asked itself for those that the caller does not know.
func (u *multipart) partSums(ctx context.Context, w connectors.Whole) (map[int]string, error) {
	parts := w.Parts
	if slices.ContainsFunc(parts, func(p connectors.Part) bool { return p.Digests[connectors.CRC64NVME] == "" }) {
		stored, err := u.Parts(ctx)
		if err != nil {
			return nil, err
		}
		parts = append(stored, parts...)
	}
	sums := make(map[int]string, len(parts))
	for _, p := range parts {
		if sum := p.Digests[connectors.CRC64NVME]; sum != "" {
			sums[p.Number] = sum
		}
	}
	return sums, nil
}

// committedBefore tells whether the upload is gone because an earlier Commit
// succeeded, whose answer was lost: what is at the path then has the ETag of our
// parts, or our digest.
func (u *multipart) committedBefore(ctx context.Context, w connectors.Whole) (connectors.Entry, bool) {
	if _, err := u.place.client.ListParts(ctx, u.key, u.id, 0); status(err) != http.StatusNotFound {
		return connectors.Entry{}, false
	}
	o, err := u.place.head(ctx, u.key)
	if err != nil {
		return connectors.Entry{}, false
	}
	entry := u.place.entry(u.path, o)
	common, equal := entry.Digests.Agree(w.Digests)
	ours := entry.Size == w.Size && equal && (common > 0 || o.ETag == joinedETag(w.Parts))
	return entry, ours
}

// joinedETag is what S3 makes of the ETags of parts: the MD5 of their MD5s, and
// how many they are. "" if an ETag is no MD5.
func joinedETag(parts []connectors.Part) string {
	h := md5.New()
	for _, p := range parts {
		raw, err := hex.DecodeString(p.ETag)
		if err != nil || len(raw) != md5.Size {
			return ""
		}
		_, _ = h.Write(raw)
	}
	return fmt.Sprintf("%x-%d", h.Sum(nil), len(parts))
}

// stored looks at what a commit has made, and compares it with what it must be.
// One who may write and not read gets what the receipt says, without a time.
func (t target) stored(ctx context.Context, receipt Receipt, w connectors.Whole) (connectors.Entry, error) {
	o, err := t.place.head(ctx, t.key)
	err = t.place.failed(ctx, "commit", t.path, err)
	switch connectors.KindOf(err) {
	case "":
	case connectors.KindPermission:
		o = Object{Size: w.Size, ETag: receipt.ETag, Sums: WholeSums("", map[connectors.Algorithm]string{connectors.CRC64NVME: receipt.CRC})}
	case connectors.KindNotFound:
		return connectors.Entry{}, connectors.Errorf(connectors.KindUnavailable, "commit", t.path, "%w: it is committed, but not there yet: %w", errNotMade, err)
	default:
		return connectors.Entry{}, err
	}
	entry := t.place.entry(t.path, o)
	if entry.Size != w.Size {
		return connectors.Entry{}, connectors.Errorf(connectors.KindIncomplete, "commit", t.path, "%w: the store has %d bytes, and not %d", errNotMade, entry.Size, w.Size)
	}
	if _, equal := entry.Digests.Agree(w.Digests); !equal {
		return connectors.Entry{}, connectors.Errorf(connectors.KindIntegrity, "commit", t.path, "the store's digests %v are not ours", entry.Digests)
	}
	if err == nil {
		t.place.state(ctx, o, &entry, w.Digests)
	}
	return entry, nil
}
