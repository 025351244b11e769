//go:build !linux

package fskind

// Of does not know the file systems here.
func Of(string) Kind { return Kind{} }
