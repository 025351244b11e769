package objectstore

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"

	"gantry/connectors"
)

type restoreRequest struct {
	XMLName xml.Name              `xml:"RestoreRequest"`
	Days    int                   `xml:",omitempty"`
	Job     struct{ Tier string } `xml:"GlacierJobParameters"`
}

// speeds are what S3 calls them.
var speeds = map[connectors.Speed]string{
	"":                   "Standard",
	connectors.Expedited: "Expedited",
	connectors.Standard:  "Standard",
	connectors.Bulk:      "Bulk",
}

// Restore orders a readable copy. A file that can be read anyway is left alone.
// An order under way is made faster where the speed is a faster one, and stays as
// it is otherwise; its days cannot be changed. Expedited does not reach a deep
// archive: KindUnsupported.
func (p *Place) Restore(ctx context.Context, path string, o connectors.RestoreOptions) (connectors.Tier, error) {
	key, err := p.key(path)
	if err != nil {
		return connectors.Tier{}, err
	}
	ctx, done := p.use(ctx)
	defer done()
	s, err := p.shelf(ctx, key)
	if err != nil {
		return connectors.Tier{}, p.failed(ctx, "restore", path, err)
	}
	if s.State == connectors.Online {
		return s.Tier, nil
	}
	order, err := s.order(path, o)
	if err != nil {
		return s.Tier, err
	}
	resp, err := p.send(ctx, Request{Method: http.MethodPost, Key: key, Query: sub("restore")}, order)
	switch {
	case code(err) == "RestoreAlreadyInProgress", status(err) == http.StatusConflict && s.State == connectors.Restoring:
		s.State = connectors.Restoring
		return s.Tier, nil
	case status(err) == http.StatusServiceUnavailable && order.Job.Tier == speeds[connectors.Expedited]:
		return s.Tier, &connectors.Error{
			Kind: connectors.KindBusy, Op: "restore", Path: path, Err: err,
			Remedy: "there is no capacity for expedited restores now: ask again later, take standard, or buy provisioned capacity",
		}
	case err != nil:
		return s.Tier, p.failed(ctx, "restore", path, err)
	case resp.StatusCode == http.StatusAccepted:
		s.State = connectors.Restoring
		return s.Tier, nil
	}
	// It is restored already, and stays longer now.
	again, err := p.shelf(ctx, key)
	return again.Tier, p.failed(ctx, "restore", path, err)
}

// order writes what to ask for.
func (s shelf) order(path string, o connectors.RestoreOptions) (r restoreRequest, err error) {
	r.XMLName = named("RestoreRequest")
	var known bool
	if r.Job.Tier, known = speeds[o.Speed]; !known {
		return r, &connectors.Error{
			Kind: connectors.KindInvalid, Op: "restore", Path: path, Err: fmt.Errorf("there is no speed %q", o.Speed), Remedy: "take expedited, standard or bulk",
		}
	}
	if s.State == connectors.Restored {
		r.Job.Tier = speeds[connectors.Standard] // to stay longer takes no time
	} else if s.deep && o.Speed == connectors.Expedited {
		return r, &connectors.Error{
			Kind: connectors.KindUnsupported, Op: "restore", Path: path, Err: errors.New("a deep archive has no expedited restores"),
			Remedy: "take standard (within 12 hours) or bulk (within 48 hours)",
		}
	}
	if s.Class == "INTELLIGENT_TIERING" {
		return r, nil // it comes back for good: there are no days
	}
	if r.Days = o.Days; r.Days < 1 {
		return r, &connectors.Error{
			Kind: connectors.KindInvalid, Op: "restore", Path: path, Err: fmt.Errorf("a copy for %d days is none", o.Days), Remedy: "say how many days the copy has to stay, at least 1",
		}
	}
	return r, nil
}
