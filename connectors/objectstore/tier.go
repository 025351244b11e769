package objectstore

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"gantry/connectors"
)

// Tier asks where an object is. Its class stays the archive's after a restore.
func (p *Place) Tier(ctx context.Context, path string) (connectors.Tier, error) {
	key, err := p.key(path)
	if err != nil {
		return connectors.Tier{}, err
	}
	ctx, done := p.use(ctx)
	defer done()
	s, err := p.shelf(ctx, key)
	return s.Tier, p.failed(ctx, "get tier", path, err)
}

// A shelf is what the headers of an object tell of where it is.
type shelf struct {
	connectors.Tier
	deep bool // what Expedited does not reach
}

func (p *Place) shelf(ctx context.Context, key string) (shelf, error) {
	resp, err := p.ask(ctx, Request{Method: http.MethodHead, Key: key}, nil)
	if err != nil {
		if _, reason := p.head(ctx, key); reason != nil {
			err = reason // which an answer to HEAD has no body to give
		}
		return shelf{}, err
	}
	return readShelf(resp.Header)
}

// standard is the class that stores leave out of their answers.
const standard = "STANDARD"

// archives are the classes whose objects have to be restored. Intelligent-Tiering
// has archives only where Archive-Status says so, and GLACIER_IR is none.
var archives = map[string]bool{"GLACIER": true, "DEEP_ARCHIVE": true}

func readShelf(h http.Header) (shelf, error) {
	var s shelf
	s.Class, s.State = h.Get("X-Amz-Storage-Class"), connectors.Online
	if s.Class == "" {
		s.Class = standard
	}
	status := h.Get("X-Amz-Archive-Status")
	s.deep = s.Class == "DEEP_ARCHIVE" || status == "DEEP_ARCHIVE_ACCESS"
	if !archives[s.Class] && status == "" {
		return s, nil
	}
	var err error
	s.State, s.Expires, err = readRestore(h.Get("X-Amz-Restore"))
	if s.State == connectors.Restored && status != "" {
		s.State = connectors.Archived // the object went back into the archive since
	}
	return s, err
}

// readRestore reads the header x-amz-restore of an archived object: absent, or
// ongoing-request="true", or ongoing-request="false", expiry-date="Fri, …".
func readRestore(value string) (connectors.Availability, time.Time, error) {
	if value == "" {
		return connectors.Archived, time.Time{}, nil
	}
	switch ongoing, _ := quoted(value, "ongoing-request"); ongoing {
	case "true":
		return connectors.Restoring, time.Time{}, nil
	case "false":
		date, ok := quoted(value, "expiry-date")
		if !ok {
			return connectors.Restored, time.Time{}, nil
		}
		expires, err := http.ParseTime(date)
		if err != nil {
			return connectors.Restored, time.Time{}, connectors.Errorf(connectors.KindOther, "read answer", "", "the store tells of a copy until %q, which is no time", date)
		}
		return connectors.Restored, expires.UTC(), nil
	default:
		return "", time.Time{}, connectors.Errorf(connectors.KindOther, "read answer", "", "the store tells of a restore as %q, which nobody knows", value)
	}
}

// quoted gives the value of name="value".
func quoted(text, name string) (string, bool) {
	_, rest, ok := strings.Cut(text, name+`="`)
	if !ok {
		return "", false
	}
	value, _, ok := strings.Cut(rest, `"`)
	return value, ok
}

// SetTier copies an object onto itself with another class, and keeps its
// metadata, tags and lock: KindPermission for who may not ask for the lock. In a bucket that keeps versions, the old version stays
// in its class, and is paid for, until somebody removes it.
func (p *Place) SetTier(ctx context.Context, path, class string) error {
	key, err := p.key(path)
	if err != nil {
		return err
	}
	if class == "" || strings.ContainsFunc(class, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return connectors.Errorf(connectors.KindInvalid, "set tier", path, "%q is no storage class", class)
	}
	ctx, done := p.use(ctx)
	defer done()
	o, err := p.original(ctx, key)
	if err != nil {
		return p.failed(ctx, "set tier", path, err)
	}
	s, err := readShelf(o.header)
	switch {
	case err != nil:
		return p.failed(ctx, "set tier", path, err)
	case s.Class == class:
		return nil
	case s.State == connectors.Archived || s.State == connectors.Restoring:
		return &connectors.Error{
			Kind: connectors.KindArchived, Op: "set tier", Path: path, Err: fmt.Errorf("it is %s in %s", s.State, s.Class),
			Remedy: "restore it first; its class can be changed while the restored copy is there",
		}
	}
	keep, err := p.lockHeaders(ctx, o, path)
	if err != nil {
		return err
	}
	keep.Set(classHeader, class)
	if _, err = p.copyObject(given(ctx, keep), o, key); err != nil {
		return p.failed(ctx, "set tier", path, err)
	}
	_, err = p.copied(ctx, o, key, path)
	return err
}

const (
	lockMode  = "X-Amz-Object-Lock-Mode"
	lockUntil = "X-Amz-Object-Lock-Retain-Until-Date"
	lockHold  = "X-Amz-Object-Lock-Legal-Hold"
)

// lockHeaders are those that give a copy the lock of its original. A copy has none
// by itself, and a retention that is over cannot be given.
func (p *Place) lockHeaders(ctx context.Context, o original, path string) (http.Header, error) {
	l, err := p.lockOf(ctx, o)
	if err = p.failed(ctx, "set tier", path, err); connectors.KindOf(err) == connectors.KindPermission {
		return nil, &connectors.Error{
			Kind: connectors.KindPermission, Op: "set tier", Path: path, Err: fmt.Errorf("it may have a lock, which would be lost: %w", err),
			Remedy: "grant s3:GetObjectRetention and s3:GetObjectLegalHold",
		}
	}
	keep := make(http.Header)
	if l.Hold {
		keep.Set(lockHold, "ON")
	}
	if l.Until.After(p.now()) {
		keep.Set(lockMode, strings.ToUpper(string(l.Mode)))
		keep.Set(lockUntil, stamp(l.Until))
	}
	return keep, err
}

// lockOf asks for the lock where HEAD does not tell all of it: it tells nothing to
// who may not ask.
func (p *Place) lockOf(ctx context.Context, o original) (connectors.Lock, error) {
	told, err := readLock(o.header.Get(lockMode), o.header.Get(lockUntil), o.header.Get(lockHold))
	if err != nil || (told.Mode != "" && o.header.Get(lockHold) != "") {
		return told, err
	}
	l, err := p.lock(ctx, o.Key, "")
	if connectors.KindOf(p.failed(ctx, "get lock", o.Key, err)) == connectors.KindUnsupported {
		return told, nil // no lock has ever been there
	}
	return l, err
}
