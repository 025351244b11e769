package objectstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gantry/connectors"
)

// heldBack tells whether it is a lock that a removal was refused for: stores
// answer no more than that access is denied.
func (p *Place) heldBack(ctx context.Context, path, key, id string, err error) error {
	kind := connectors.KindOf(err)
	if kind != connectors.KindPermission && kind != connectors.KindHeld && kind != connectors.KindInvalid {
		return err
	}
	l, asked := p.lock(ctx, key, id)
	if l.Until.Before(p.now()) {
		l.Mode = ""
	}
	if asked != nil || (!l.Hold && l.Mode == "") {
		return err
	}
	var known *connectors.Error
	if errors.As(err, &known) {
		err = known.Err
	}
	return held("remove", path, l, err)
}

func held(op, path string, l connectors.Lock, err error) error {
	e := &connectors.Error{Kind: connectors.KindHeld, Op: op, Path: path, Err: err}
	until := l.Until.Format(time.RFC3339)
	switch {
	case l.Hold && l.Mode != "":
		e.Remedy = fmt.Sprintf("it is under a legal hold, and under %s retention until %s: have the hold taken off, and wait", l.Mode, until)
	case l.Hold:
		e.Remedy = "it is under a legal hold: have the hold taken off by those who put it there"
	case l.Mode == connectors.Governance:
		e.Remedy = fmt.Sprintf("it is under governance retention until %s: wait, or have somebody lift it who has the right s3:BypassGovernanceRetention", until)
	default:
		e.Remedy = fmt.Sprintf("it is under compliance retention until %s: nobody can remove it before", until)
	}
	return e
}
