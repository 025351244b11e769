package objectstore

import (
	"context"
	"errors"
	"net/http"
	"time"

	"gantry/connectors"
)

// Stat asks for an object's headers, with its checksums.
func (p *Place) Stat(ctx context.Context, path string) (connectors.Entry, error) {
	return p.stat(ctx, "stat", path)
}

func (p *Place) stat(ctx context.Context, op, path string) (connectors.Entry, error) {
	key, err := p.key(path)
	if err != nil {
		return connectors.Entry{}, err
	}
	ctx, done := p.use(ctx)
	defer done()
	o, err := p.head(ctx, key)
	if err != nil {
		return connectors.Entry{}, p.failed(ctx, op, path, err)
	}
	return p.entry(path, o), nil
}

// head is Head, with the reason where the store refuses: an answer to HEAD has no
// body to give it. That nothing is there is believed once the store has answered
// something else, or has said that it is the object that is missing and not the
// bucket.
func (p *Place) head(ctx context.Context, key string) (Object, error) {
	o, err := p.client.Head(ctx, key)
	switch status(err) {
	case http.StatusNotFound:
		if p.reached.Load() {
			return o, err
		}
	case http.StatusMovedPermanently, http.StatusBadRequest, http.StatusForbidden:
	default:
		if err == nil {
			p.reached.Store(true)
		}
		return o, err
	}
	content, reason := p.client.Get(ctx, key, 0, 1)
	if reason == nil {
		_ = content.Body.Close()
		return o, err
	}
	var fault *Fault
	if errors.As(reason, &fault) && fault.Code == "NoSuchKey" {
		p.reached.Store(true)
	}
	return o, reason
}

// Hash gives those of the wanted digests that the store keeps.
func (p *Place) Hash(ctx context.Context, path string, want ...connectors.Algorithm) (connectors.Digests, error) {
	entry, err := p.stat(ctx, "hash", path)
	if err != nil {
		return nil, err
	}
	found := make(connectors.Digests)
	for _, algorithm := range want {
		if digest, ok := entry.Digests[algorithm]; ok {
			found[algorithm] = digest
		}
	}
	return found, nil
}

// Remove deletes an object. S3 says nothing about one that is missing, so it is
// looked for before.
func (p *Place) Remove(ctx context.Context, path string) error {
	if _, err := p.stat(ctx, "remove", path); err != nil {
		return err
	}
	ctx, done := p.use(ctx)
	defer done()
	return p.failed(ctx, "remove", path, p.client.Delete(ctx, p.config.Root+path))
}

// Copy copies inside the bucket in one request, which S3 does up to 5 GiB.
func (p *Place) Copy(ctx context.Context, from, to string) (connectors.Entry, error) {
	target, err := p.key(to)
	if err != nil {
		return connectors.Entry{}, err
	}
	source, err := p.stat(ctx, "copy", from)
	if err != nil {
		return connectors.Entry{}, err
	}
	if source.Size > maxCopy {
		return connectors.Entry{}, &connectors.Error{
			Kind: connectors.KindUnsupported, Op: "copy", Path: from,
			Err: errors.New("the store copies at most 5 GiB in one request"), Remedy: "transfer the file instead",
		}
	}
	ctx, done := p.use(ctx)
	defer done()
	if err := p.client.Copy(ctx, p.config.Root+from, target, source.Version); err != nil {
		return connectors.Entry{}, p.failed(ctx, "copy", from, err)
	}
	copied, err := p.head(ctx, target)
	if err != nil {
		return connectors.Entry{}, p.failed(ctx, "copy", to, err)
	}
	if copied.Size != source.Size {
		return connectors.Entry{}, connectors.Errorf(connectors.KindIncomplete, "copy", to, "the copy has %d bytes, the original %d", copied.Size, source.Size)
	}
	return p.entry(to, copied), nil
}

func wholeSecond(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }
