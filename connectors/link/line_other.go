//go:build !linux

package link

// A Line is what the connections of a place share. Here each of them finds its own pace.
type Line struct{}
