// Package wire speaks the SSH File Transfer Protocol, version 3, over any pair of
// streams. github.com/pkg/sftp is the client for describing and renaming; it greets.
// This package gives its calls contexts, and errors that tell the server's code.
//
// Beside the library, in the same session, goes what it has no way for, or none that is
// fast: bytes of files, which are read from the stream right to where they are wanted,
// and sent in the order in which they were asked for; open files; the server's limits
// (limits@openssh.com); listings with names as the server sent them (the library makes
// "x" of "../x"); the removal of a file and nothing else; copy-data
// (draft-ietf-secsh-filexfer-extensions-00) and check-file
// (draft-ietf-secsh-filexfer-09). Our requests have numbers with the highest bit
// set. The reading side takes the answers with such numbers out and passes the
// others on, as they are but for two: the greeting loses what is no extension, and
// attributes get a note of which there were (the library gives what was not told
// as 0). The writing side keeps packets whole.
//
// What a server answers is bounded and checked before it is used. What is no
// answer ends the client with ErrProtocol.
//
// Every call may be made by many goroutines at once. A call whose context ends, or
// whose client does, returns at once; the call ends by itself later, and a handle that
// it brings is closed.
package wire
