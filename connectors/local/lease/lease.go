// Package lease finds out whether anybody is writing a file of this machine, by asking
// the kernel for a read lease on it, which it refuses while a process has the file open
// for writing. Nobody notices that it was asked.
package lease
