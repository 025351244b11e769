// Package watch says which files below one local folder have settled: are whole, and can be taken away.
//
// A file has settled when its size and modification time have not changed for a set time, and nobody has it open for writing as far as
// the operating system tells. Where files come in is learned from the kernel's events (fsnotify). Where those cannot be had (a network
// file system, the limit on watches reached) the folder is read again and again, and Mode says so.
//
// # Promises
//
//   - Each version of a file (path, size, modification time, inode) is offered once, and again with a growing pause as long as it is refused. A restart
//     offers everything that lies there once more: whoever takes files remembers what it has taken.
//   - Clocks of cameras and servers are not believed. A file's age counts from when this process saw it change, never from its modification time.
//   - A lost event loses no file: an overflow of the event queue, and now and then a timer, start a full scan.
//   - A root that vanishes is an alarm, not a deletion. Watching goes on when it is back.
//   - Names are bytes. They come out as they are on disk, with any newline, leading dash or byte that is not UTF-8.
//   - Only regular files are opened, never through a symbolic link, and never so that it blocks.
//
// # How a writer is noticed
//
// fsnotify hands on no close-after-write event, and an event would not tell about the second of two writers. On Linux a settled file is therefore asked for a read
// lease, which the kernel refuses while any process holds the file open for writing; the lease is given back at once. This takes
// two system calls, needs no privilege for files of the same user (CAP_LEASE for those of others), and works on local file systems. Where the kernel
// cannot say, the stable time alone decides.
//
// The decisions are a pure state machine (tracker) over observations and a given clock; the rest of the package is its edge.
package watch
