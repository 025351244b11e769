// Package all is the list of the connectors that Gantry has. A new connector is
// its own package, one line here, and its page in the manual.
package all

import (
	"context"
	"errors"
	"slices"
	"strings"

	"gantry/connectors"
	"gantry/connectors/local"
	"gantry/connectors/s3"
	"gantry/connectors/s3compat"
	"gantry/connectors/sftp"
)

// Connectors lists them in the order of the manual.
func Connectors() []connectors.Connector {
	return []connectors.Connector{
		local.Connector(),
		sftp.Connector(),
		s3.Connector(),
		s3compat.Connector(),
	}
}

// Open opens a location by the connector that its URL's scheme names, after
// checking it. The caller closes the place.
func Open(ctx context.Context, l connectors.Location) (connectors.Place, error) {
	c, err := For(l)
	if err != nil {
		return nil, err
	}
	if err := c.Check(l); err != nil {
		return nil, err
	}
	return c.Open(ctx, l)
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
