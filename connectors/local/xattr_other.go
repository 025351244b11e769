//go:build !linux

package local

import (
	"errors"
	"os"
)

func readXattrs(*os.File) (map[string]string, error) { return nil, errors.ErrUnsupported }

func setXattr(*os.File, string, string) error { return errors.ErrUnsupported }

func removeXattr(*os.File, string) error { return errors.ErrUnsupported }
