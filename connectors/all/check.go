package all

import (
	"gantry/connectors"
	"gantry/connectors/seal"
)

// Check finds what is wrong with a location before anybody opens it: a scheme that
// no connector has, a URL that does not parse or carries a secret, an option that
// the connector does not know, a key that cannot be read.
func Check(l connectors.Location) error {
	c, err := For(l)
	if err != nil {
		return err
	}
	if _, err := seal.Of(l); err != nil {
		return err
	}
	return c.Check(l)
}
