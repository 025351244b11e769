package all

import (
	"strings"

	"gantry/connectors"
)

// TakeSecrets is [connectors.Connector.TakeSecrets] of the connector that the
// URL's scheme names.
func TakeSecrets(l connectors.Location, keep func(option, secret string) (string, error)) (connectors.Location, error) {
	c, err := For(l)
	if err != nil {
		return l, err
	}
	return c.TakeSecrets(l, keep)
}

// For gives the connector that a location's URL names by its scheme.
func For(l connectors.Location) (connectors.Connector, error) {
	scheme, _, _ := strings.Cut(l.URL, ":")
	return byScheme(strings.ToLower(scheme))
}
