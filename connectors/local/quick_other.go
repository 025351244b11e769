//go:build !linux

package local

import (
	"errors"
	"os"
)

// Elsewhere all goes by [os.Root].

func createIn(*os.File, string) (*os.File, error) { return nil, errors.ErrUnsupported }
func (*grip) lacks(string) bool                   { return false }
func (*grip) isStaged(os.FileInfo, string) bool   { return false }
func (*grip) rename(_, _ string) (bool, error)    { return false, nil }
