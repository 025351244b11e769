package objectstore

import (
	"context"
	"strings"

	"gantry/connectors"
	"gantry/connectors/objectstore/events"
)

// WithNotifier gives the place another way to tell of changes, which makes it a
// connectors.Notifier.
func WithNotifier(p *Place, n connectors.Notifier) connectors.Place { return notifying{p, n} }

type notifying struct {
	*Place
	connectors.Notifier
}

// Event makes an event of a record of a message. ok is false for what lies in
// another bucket or not below prefix, and for keys that mark folders. Keys that are
// no paths are passed over and reported, as in listings. The event's Version is the
// ETag, as in listings. Where one version was removed for good, another one or none
// is there now: the place is asked, and the event tells of what is there. The error is
// that of asking.
func (p *Place) Event(ctx context.Context, prefix string, r events.Record) (e connectors.Event, ok bool, err error) {
	path, ours := strings.CutPrefix(r.Key, p.config.Root)
	switch {
	case r.Bucket != p.config.Bucket || !ours || path == "" || strings.HasSuffix(path, "/"):
		return e, false, nil
	case prefix != "" && path != prefix && !strings.HasPrefix(path, prefix+"/"):
		return e, false, nil
	}
	if _, err := connectors.CleanPath(path); err != nil {
		connectors.PassOver(ctx, r.Key, err)
		return e, false, nil
	}
	e = connectors.Event{Entry: connectors.Entry{Path: path}, Removed: r.Removed, At: r.At, Order: r.Order}
	if !r.Removed {
		e.Size, e.Version, e.ModTime = r.Size, r.ETag, wholeSecond(r.At)
		return e, true, nil
	}
	if r.VersionID == "" || r.Marker {
		return e, true, nil
	}
	switch entry, err := p.stat(ctx, "look after a removal at", path); connectors.KindOf(err) {
	case "":
		e.Entry, e.Removed = entry, false
	case connectors.KindNotFound:
	default:
		return e, false, err
	}
	return e, true, nil
}

// Tell calls handle for each event that the records make. The error is handle's, or
// that of looking at a file whose version was removed.
func (p *Place) Tell(ctx context.Context, prefix string, records []events.Record, handle func(context.Context, connectors.Event) error) error {
	for _, r := range records {
		e, ok, err := p.Event(ctx, prefix, r)
		if err != nil {
			return err
		}
		if ok {
			if err := handle(ctx, e); err != nil {
				return err
			}
		}
	}
	return nil
}

// Failed makes an Error of what a call to a service beside the store returned.
func (p *Place) Failed(ctx context.Context, op, path string, err error) error {
	return p.failed(ctx, op, path, err)
}

// Use gives the context of a call that ends with ctx, and when the place is
// closed.
func (p *Place) Use(ctx context.Context) (context.Context, context.CancelFunc) { return p.use(ctx) }
