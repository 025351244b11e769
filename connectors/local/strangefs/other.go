//go:build !linux

package strangefs

// Asked tells that this process is not to serve: FUSE is Linux's.
func Asked() bool { return false }

// Serve does nothing here.
func Serve() error { return nil }
