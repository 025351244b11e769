package objectstore

import (
	"context"
	"errors"
	"iter"
	"strings"

	"gantry/connectors"
)

// List pages through the keys below prefix, several pages at once where there are
// many (Habits.Listers). Keys that do not ascend are a listing that repeats itself or
// jumps: it ends with KindIncomplete. An entry has the store's digests only where prefix
// is the file itself.
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
	l := newLister(under, p.config.Habits.Listers, func(ctx context.Context, after, token string) (listPage, error) {
		return p.page(ctx, under, after, token)
	})
	l.lost = func(key string) {
		connectors.PassOver(ctx, key, errors.New("the store does not escape it, and it has characters that XML cannot hold"))
	}
	last := ""
	var wrong error
	err := l.run(ctx, func(o Object) bool {
		if o.Key <= last || !strings.HasPrefix(o.Key, under) {
			wrong = connectors.Errorf(connectors.KindIncomplete, "list", under, "the store lists %q after %q, which is not asked for", o.Key, last)
			return false
		}
		last = o.Key
		path := o.Key[len(p.config.Root):]
		if strings.HasSuffix(path, "/") || path == "" {
			return true
		}
		if _, err := p.key(path); err != nil {
			connectors.PassOver(ctx, o.Key, err)
			return true
		}
		return yield(p.entry(path, o), nil)
	})
	return errors.Join(wrong, err)
}
