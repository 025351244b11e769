package objectstore

import (
	"context"
	"strings"

	"gantry/connectors"
)

var _ connectors.Filler = (*multipart)(nil)

// store is the place, also of one that can do more.
func (p *Place) store() *Place { return p }

// Fill implements connectors.Filler: the object will be a copy that the store makes, at
// Commit, which is one step for all sizes. It has the original's metadata, content type
// and tags. A bucket of the same store that is reached with the same options counts as
// the same storage; those that encrypt with keys of their own do not.
func (u *multipart) Fill(ctx context.Context, other any, from connectors.Entry) error {
	holder, ok := connectors.Innermost(other).(interface{ store() *Place })
	if !ok || !u.place.sameStore(holder.store()) || u.exclusive {
		return connectors.Errorf(connectors.KindUnsupported, "copy", from.Path, "the store does not copy this to %s", u.path)
	}
	source := holder.store()
	key, err := source.key(from.Path)
	if err != nil {
		return err
	}
	ctx, done := source.use(ctx)
	defer done()
	o, err := source.original(ctx, key)
	if err != nil {
		return source.failed(ctx, "copy", from.Path, err)
	}
	if o.ETag != from.Version || o.Size != from.Size {
		return connectors.Errorf(connectors.KindChanged, "copy", from.Path, "it is another version by now")
	}
	u.original.Store(&o)
	return nil
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
func (u *multipart) commitCopy(ctx context.Context, o original) (connectors.Entry, error) {
	if class := o.header.Get(classHeader); class != "" && u.place.config.Terms.Class == "" && !archives[class] {
		ctx = given(ctx, map[string][]string{classHeader: {class}})
	}
	etag, err := u.place.copyObject(ctx, o, u.key)
	var entry connectors.Entry
	if err == nil {
		if entry, err = u.place.copied(ctx, o, u.key, u.path); connectors.KindOf(err) == connectors.KindIntegrity {
			u.place.removeCopy(ctx, u.key, etag)
		}
	}
	if err != nil {
		err = u.place.failed(ctx, "copy", u.path, err)
		if !connectors.Retryable(err) && ctx.Err() == nil {
			u.original.Store(nil)
			return entry, connectors.Errorf(connectors.KindNotFound, "commit", u.path, "the store does not copy it (%w); begin again", err)
		}
		return entry, err
	}
	if err := u.Abort(ctx); err != nil {
		return entry, err
	}
	return entry, nil
}
