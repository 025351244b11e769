package all

import "gantry/connectors"

// Check finds what is wrong with a location before anybody opens it: a scheme that
// no connector has, a URL that does not parse or carries a secret, an option that
// the connector does not know.
func Check(l connectors.Location) error {
	c, err := For(l)
	if err != nil {
		return err
	}
	return c.Check(l)
}
