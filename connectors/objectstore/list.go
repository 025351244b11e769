package objectstore

import (
	"context"
	"iter"
	"strings"

	"gantry/connectors"
)

// List pages through the keys below prefix. Keys that do not ascend are a
// listing that repeats itself or jumps: it ends with KindIncomplete. An entry has
// the store's digests only where prefix is the file itself.
func (p *Place) List(ctx context.Context, prefix string) iter.Seq2[connectors.Entry, error] {
	return func(yield func(connectors.Entry, error) bool) {
		ctx, done := p.use(ctx)
		defer done()
		under := p.config.Root
		if prefix != "" {
			key, err := p.key(prefix)
			if err != nil {
				yield(connectors.Entry{}, err)
				return
			}
			file, err := p.head(ctx, key)
			switch err = p.failed(ctx, "list", prefix, err); {
			case connectors.KindOf(err) == connectors.KindNotFound:
			case err != nil:
				yield(connectors.Entry{}, err)
				return
			default:
				if !yield(p.entry(prefix, file), nil) {
					return
				}
			}
			under = key + "/"
		}
		if err := p.listBelow(ctx, under, yield); err != nil {
			yield(connectors.Entry{}, p.failed(ctx, "list", prefix, err))
		}
	}
}

// listBelow yields the files whose keys begin with under. It returns nil when
// yield asked it to stop.
func (p *Place) listBelow(ctx context.Context, under string, yield func(connectors.Entry, error) bool) error {
	last := ""
	for o, err := range p.client.List(ctx, under) {
		if err != nil {
			return err
		}
		if o.Key <= last {
			return connectors.Errorf(connectors.KindIncomplete, "list", under, "the store lists %q after %q: its pages repeat or are not in byte order", o.Key, last)
		}
		last = o.Key
		if !strings.HasPrefix(o.Key, under) {
			return connectors.Errorf(connectors.KindIncomplete, "list", under, "the store lists %q, which is not asked for", o.Key)
		}
		path := o.Key[len(p.config.Root):]
		if strings.HasSuffix(path, "/") || path == "" {
			continue
		}
		if _, err := connectors.CleanPath(path); err != nil {
			connectors.PassOver(ctx, o.Key, err)
			continue
		}
		if !yield(p.entry(path, o), nil) {
			return nil
		}
	}
	return ctx.Err()
}
