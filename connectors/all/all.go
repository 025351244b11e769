// Package all is the list of the connectors that Gantry has. A new connector is
// its own package, one line here, and its page in the manual.
package all

import (
	"context"
	"errors"
	"slices"
	"strings"

	"gantry/connectors"
	"gantry/connectors/aspera"
	"gantry/connectors/ftp"
	"gantry/connectors/local"
	"gantry/connectors/s3"
	"gantry/connectors/s3compat"
	"gantry/connectors/seal"
	"gantry/connectors/sftp"
	"gantry/connectors/web"
	"gantry/connectors/wrap/throttle"
)

// Connectors lists them in the order of the manual, each with the options that
// every location may have.
func Connectors() []connectors.Connector {
	list := []connectors.Connector{
		local.Connector(),
		sftp.Connector(),
		ftp.Connector(),
		s3.Connector(),
		s3compat.Connector(),
		web.Connector(),
		aspera.Connector(),
	}
	for i := range list {
		list[i].Options = append(append(list[i].Options, throttle.Options()...), seal.Options()...)
	}
	return list
}

// Open opens a location by the connector that its URL's scheme names, after
// checking it, within the limits that its options set. The caller closes the place.
func Open(ctx context.Context, l connectors.Location) (connectors.Place, error) {
	c, err := For(l)
	if err != nil {
		return nil, err
	}
	if err := c.Check(l); err != nil {
		return nil, err
	}
	limits, err := throttle.Read(func(name string) string { return c.Option(l, name) })
	if err != nil {
		return nil, err
	}
	place, err := c.Open(ctx, seal.Without(throttle.Without(l)))
	if err != nil || limits.None() {
		return place, err
	}
	return throttle.New(limits).Wrap(place), nil
}

func byScheme(scheme string) (connectors.Connector, error) {
	var known []string
	for _, c := range Connectors() {
		if slices.Contains(c.Schemes, scheme) {
			return c, nil
		}
		known = append(known, c.Schemes...)
	}
	return connectors.Connector{}, &connectors.Error{
		Kind: connectors.KindInvalid, Op: "read location", Path: scheme + "://…", Err: errors.New("there is no such kind of place"),
		Remedy: "these are there: " + strings.Join(known, ", "),
	}
}
