// Package fskind tells what kind of file system a folder is on, and what that
// means for files there. It is the one list of such facts: the connector to
// folders plans with it, and the watcher of folders learns from it where no
// events can be had.
package fskind

import "time"

// A Kind is what is known of one kind of file system. The zero Kind is one that
// is not in the list: nothing is known of it.
type Kind struct {
	Name          string        // as people call it: "ext4", "NFS"; "" = not in the list
	Remote        bool          // a server or a program keeps the files: others may change them unseen, and a sync is its word
	NoEvents      bool          // changes made elsewhere raise no event
	Holes         bool          // what it says of holes in files can be relied on
	FoldsCase     bool          // "A" and "a" are the same name, always
	Stubs         bool          // files may be on tape, and come back when they are read
	TimePrecision time.Duration // of modification times; 0 = not known
	MaxSize       int64         // bytes of one file; 0 = no limit worth naming
	PlainNames    bool          // names as on Windows: without < > : " | ? * \ and control characters
}
