//go:build !linux

package journal

import "errors"

var errUnknown = errors.ErrUnsupported

func freeSpace(string) (uint64, error) { return 0, errUnknown }

func allocate(string, int64) error { return errUnknown }
