// Package strangefs is a file system for tests, in memory and mounted by FUSE,
// that treats names and times as strange volumes do and fails on command. It
// stands in for those that the test machine's kernel does not have: FAT, shares of
// Windows and macOS servers, network shares that break.
//
// It has to run in a process of its own: a process that waits for its own file
// system may wait for ever. See [Mount] and [Serve].
package strangefs
