package objectstore

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"gantry/connectors"
)

// Stores differ in what they call the documents that they answer, not in what is
// in them.
type retention struct {
	XMLName         xml.Name
	Mode            string `xml:",omitempty"`
	RetainUntilDate string `xml:",omitempty"`
}

type legalHold struct {
	XMLName xml.Name
	Status  string
}

func named(local string) xml.Name {
	return xml.Name{Space: "http://s3.amazonaws.com/doc/2006-03-01/", Local: local}
}

// Lock asks for the retention and the legal hold of an object's newest version.
// KindUnsupported in a bucket without Object Lock.
func (p *Place) Lock(ctx context.Context, path string) (connectors.Lock, error) {
	key, err := p.key(path)
	if err != nil {
		return connectors.Lock{}, err
	}
	ctx, done := p.use(ctx)
	defer done()
	l, err := p.lock(ctx, key, "")
	return l, p.failed(ctx, "get lock", path, err)
}

// lock asks for the lock of one version; "" is the newest.
func (p *Place) lock(ctx context.Context, key, id string) (l connectors.Lock, err error) {
	var r retention
	request := Request{Method: http.MethodGet, Key: key, Query: lockQuery("retention", id)}
	if _, err = p.ask(ctx, request, &r); err == nil {
		err = expect(request, r.XMLName, "Retention")
	}
	if err != nil && !unlocked(err) {
		return l, err
	}
	var h legalHold
	request.Query = lockQuery("legal-hold", id)
	if _, err = p.ask(ctx, request, &h); err == nil {
		err = expect(request, h.XMLName, "LegalHold")
	}
	if err != nil && !unlocked(err) {
		return l, err
	}
	return readLock(r.Mode, r.RetainUntilDate, h.Status)
}

func lockQuery(name, id string) url.Values {
	query := sub(name)
	if id != "" {
		query.Set("versionId", id)
	}
	return query
}

// unlocked tells whether the store says that an object has no lock of this kind.
func unlocked(err error) bool {
	return code(err) == "NoSuchObjectLockConfiguration"
}

// readLock reads the words of documents and headers.
func readLock(mode, until, hold string) (connectors.Lock, error) {
	l := connectors.Lock{Mode: connectors.LockMode(strings.ToLower(mode)), Hold: strings.EqualFold(hold, "ON")}
	switch {
	case mode == "":
		return l, nil
	case l.Mode != connectors.Governance && l.Mode != connectors.Compliance:
		return l, fmt.Errorf("the store tells of a retention mode %q, which nobody knows", mode)
	}
	var err error
	l.Until, err = time.Parse(time.RFC3339, until)
	if err != nil {
		return l, fmt.Errorf("the store tells of a retention until %q, which is no time", until)
	}
	l.Until = l.Until.UTC()
	return l, nil
}

// SetLock changes what differs from the lock that is there, of an object's newest
// version. To loosen a governance retention takes the right
// s3:BypassGovernanceRetention; to loosen a compliance retention is KindHeld for
// everybody.
func (p *Place) SetLock(ctx context.Context, path string, l connectors.Lock) error {
	key, err := p.key(path)
	if err != nil {
		return err
	}
	if err := checkLock(path, l); err != nil {
		return err
	}
	ctx, done := p.use(ctx)
	defer done()
	was, err := p.lock(ctx, key, "")
	if err != nil {
		return p.failed(ctx, "set lock", path, err)
	}
	if err := p.setRetention(ctx, path, key, was, l); err != nil {
		return p.failed(ctx, "set lock", path, err)
	}
	if was.Hold != l.Hold {
		status := "OFF"
		if l.Hold {
			status = "ON"
		}
		_, err = p.send(ctx, Request{Method: http.MethodPut, Key: key, Query: sub("legal-hold")}, legalHold{named("LegalHold"), status})
	}
	return p.failed(ctx, "set lock", path, err)
}

func checkLock(path string, l connectors.Lock) error {
	known := l.Mode == "" || l.Mode == connectors.Governance || l.Mode == connectors.Compliance
	if !known || (l.Mode == "") != l.Until.IsZero() {
		return &connectors.Error{
			Kind: connectors.KindInvalid, Op: "set lock", Path: path, Err: fmt.Errorf("a retention %q until %v is none", l.Mode, l.Until),
			Remedy: "give a mode, governance or compliance, and a time; or neither",
		}
	}
	return nil
}

func (p *Place) setRetention(ctx context.Context, path, key string, was, l connectors.Lock) error {
	until := l.Until.UTC().Truncate(time.Second)
	if was.Mode == l.Mode && was.Until.Truncate(time.Second).Equal(until) {
		return nil
	}
	r := Request{Method: http.MethodPut, Key: key, Query: sub("retention")}
	// A change of the mode counts as one, even to the stricter.
	loosens := was.Mode != "" && (was.Mode != l.Mode || until.Before(was.Until.Truncate(time.Second)))
	switch {
	case loosens && was.Mode == connectors.Compliance:
		return held("set lock", path, was, errors.New("a compliance retention can be made longer, never shorter or weaker"))
	case loosens:
		r.Header = http.Header{"X-Amz-Bypass-Governance-Retention": {"true"}}
	}
	document := retention{XMLName: named("Retention")}
	if l.Mode != "" {
		document.Mode, document.RetainUntilDate = strings.ToUpper(string(l.Mode)), stamp(until)
	}
	_, err := p.send(ctx, r, document)
	if err != nil && loosens && status(err) == http.StatusForbidden {
		return held("set lock", path, was, err)
	}
	return err
}
