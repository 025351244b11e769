//go:build !unix

package connectortest

import "errors"

func makeSpecial(string, bool) error { return errors.ErrUnsupported }
