// Package ftp is the connector to FTP servers (RFC 959, 2389, 2428, 3659), in clear
// text or over TLS (RFC 4217): asked for (ftpes://) or from the first byte
// (ftps://).
//
// An upload is one file in the folder [promise.Folder] below the location's root.
// Each part is added to it (STOR, APPE), and accepted once the server has said
// that the transfer is complete and the file has the length that it must have. A
// part that was half sent is written again at its place (REST and STOR), if the
// server lets that be. Commit sets the time (MFMT, or what vsftpd or SITE have for
// it) and renames the file to its path.
//
// What a server lacks:
//   - where renaming onto a file is refused, the old file is moved aside under a
//     backup name in the staging folder, and moved back if that was interrupted.
//     The path is empty for a moment, and Traits.AtomicCommit is false.
//   - where nothing can be added to a file that is there (no APPE, no REST), each
//     file is sent in one go, over its parts: Traits.Streamed.
//   - a drop box (option dropBox) shows nothing and renames nothing. Files are
//     written under their final names at once, in one go, and can be seen half
//     there by others: Traits.WriteOnly. That the server said that it has all, and
//     the length, if it tells, is all the proof. A drop box is never guessed.
//   - FTP cannot refuse to replace a file: Exclusive is a question before the
//     rename, and somebody may be faster between the two.
//   - FTP knows no fsync: a commit is as durable as the server makes it.
//
// Listings come from MLSD. Where there is only LIST, for which there is no
// standard, nothing may be concluded from what is missing (Traits.DoubtfulLists),
// and the times, which it gives by the minute or the day, are asked for one by one
// with MDTM. A line that is not understood ends a listing with KindIncomplete,
// after what was clear; so does a data connection that ends without the server's
// word that it was complete. A link is listed as a file if the listing says where
// it leads, that is below the root, and a question says that a file is there;
// other links are passed over, and those to folders are never followed.
//
// Where many small files follow one another, the port of the next data connection (EPSV)
// is asked for together with what is asked anyway: of servers that are known to keep it,
// for a few seconds, and once more if it turns out to be closed. Commands are never sent
// behind one that begins a transfer: servers watch for ABOR then.
//
// A large file is read over several sessions side by side where one is slow. REST
// is tried once before it is trusted: a server that begins at the beginning
// instead is refused, rather than have wrong bytes taken for right ones.
//
// # The client library
//
// github.com/jlaffaye/ftp does the logins, the transfers with their data
// connections, and the commands on files. It offers no command of one's own, no
// raw listing, no bound on what a server says, and it panics on some replies (227
// with its brackets the wrong way round). So it is given both kinds of connections
// by us:
//   - a control connection (control) through which each line passes once, checked
//     and bounded, and which is ours between its calls. TLS and the greeting are
//     done before the library sees it, which believes in a plain connection.
//   - data connections (data), over TLS with the session of the control connection,
//     always to the host of the control connection, whatever the server says. When
//     a folder is listed, they give what arrives to package listing, and nothing to
//     the library's parser, which drops lines silently.
package ftp
