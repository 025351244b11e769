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
	entry := p.entry(path, o)
	entry.Stated, err = p.stated(ctx, o)
	return entry, p.failed(ctx, op, path, err)
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
	content, reason := p.client.Get(ctx, key, "", 0, 1)
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

// bucketOr is why a request may have got no answer: a store that has no such bucket may
// close the connection before the object is sent, and its answer be lost with it. It is
// asked only while nothing has shown that the bucket is there.
func (p *Place) bucketOr(ctx context.Context, key string, err error) error {
	if p.reached.Load() || ctx.Err() != nil {
		return err
	}
	if _, reason := p.head(ctx, key); errors.Is(reason, connectors.ErrNoRoot) {
		return reason
	}
	return err
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
// looked for before. In a bucket that keeps versions it only puts a marker on top,
// which no lock forbids; RemoveVersion deletes for good.
func (p *Place) Remove(ctx context.Context, path string) error {
	if _, err := p.stat(ctx, "remove", path); err != nil {
		return err
	}
	ctx, done := p.use(ctx)
	defer done()
	key := p.config.Root + path
	if err := p.client.Delete(ctx, key); err != nil {
		return p.heldBack(ctx, path, key, "", p.failed(ctx, "remove", path, err))
	}
	return nil
}

func wholeSecond(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }
