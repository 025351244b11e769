package objectstore

import (
	"context"
	"strings"

	"gantry/connectors"
)

var (
	_ connectors.Filler = (*multipart)(nil)
	_ connectors.Filler = (*small)(nil)
)

// store is the place, also of one that can do more.
func (p *Place) store() *Place { return p }

// Fill implements connectors.Filler: the object will be a copy that the store makes, at
// Commit, which is one step for all sizes. It has the original's metadata, content type
// and tags. A bucket of the same store that is reached with the same options counts as
// the same storage; those that encrypt with keys of their own do not.
func (u *multipart) Fill(ctx context.Context, other any, from connectors.Entry) error {
	o, err := u.originalOf(ctx, other, from)
	if err == nil {
		u.original.Store(&o)
	}
	return err
}

// Fill implements connectors.Filler, as for a large file.
func (u *small) Fill(ctx context.Context, other any, from connectors.Entry) error {
	o, err := u.originalOf(ctx, other, from)
	if err == nil {
		u.mu.Lock()
		defer u.mu.Unlock()
		u.original = &o
	}
	return err
}

// originalOf looks at the file that the store is to copy.
func (t target) originalOf(ctx context.Context, other any, from connectors.Entry) (o original, err error) {
	holder, ok := connectors.Innermost(other).(interface{ store() *Place })
	if !ok || !t.place.sameStore(holder.store()) || t.exclusive {
		return o, connectors.Errorf(connectors.KindUnsupported, "copy", from.Path, "the store does not copy this to %s", t.path)
	}
	source := holder.store()
	key, err := source.key(from.Path)
	if err != nil {
		return o, err
	}
	ctx, done := source.use(ctx)
	defer done()
	if o, err = source.original(ctx, key); err != nil {
		return o, source.failed(ctx, "copy", from.Path, err)
	}
	if o.ETag != from.Version || o.Size != from.Size {
		return o, connectors.Errorf(connectors.KindChanged, "copy", from.Path, "it is another version by now")
	}
	return o, nil
}

// account names the options that say who asks.
func account(option func(name string) string) string {
	var all []string
	for _, name := range []string{"accessKey", "secretKey", "sessionToken", "profile", "roleArn", "endpoint", "region"} {
		all = append(all, option(name))
	}
	return strings.Join(all, "\x00")
}

func (p *Place) sameStore(o *Place) bool {
	const customer = "sse-c"
	return p.config.Endpoint != "" && p.host() == o.host() && p.config.Account == o.config.Account &&
		p.config.Terms.Encryption.Kind != customer && o.config.Terms.Encryption.Kind != customer
}

// host is the store's, without the bucket that may stand in it.
func (p *Place) host() string { return strings.TrimPrefix(p.config.Endpoint, p.config.Bucket+".") }

// commitCopy has the store make the copy, and compares it with the original. What the
// store does not copy is KindNotFound: the upload has to begin again, and be sent.
func (t target) commitCopy(ctx context.Context, o original) (connectors.Entry, error) {
	if class := o.header.Get(classHeader); class != "" && t.place.config.Terms.Class == "" && !archives[class] {
		ctx = given(ctx, map[string][]string{classHeader: {class}})
	}
	etag, err := t.place.copyObject(ctx, o, t.key)
	var entry connectors.Entry
	if err == nil {
		if entry, err = t.place.copied(ctx, o, t.key, t.path); connectors.KindOf(err) == connectors.KindIntegrity {
			t.place.removeCopy(ctx, t.key, etag)
		}
	}
	if err = t.place.failed(ctx, "copy", t.path, err); err != nil && !connectors.Retryable(err) && ctx.Err() == nil {
		return entry, connectors.Errorf(connectors.KindNotFound, "commit", t.path, "the store does not copy it (%w); begin again", err)
	}
	return entry, err
}

// commitFilled is Commit of an upload that the store fills.
func (u *multipart) commitFilled(ctx context.Context, o original) (connectors.Entry, error) {
	entry, err := u.commitCopy(ctx, o)
	switch {
	case connectors.KindOf(err) == connectors.KindNotFound:
		u.original.Store(nil)
	case err == nil:
		err = u.Abort(ctx)
	}
	return entry, err
}
