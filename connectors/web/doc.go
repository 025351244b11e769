// Package web is the connector for files on the web: http:// and https:// URLs, the
// path of which is a folder. It reads from any server, writes by PUT, lists where
// the server speaks WebDAV (RFC 4918), and sends by URLs that a hub has signed
// (package grant).
//
// # Reading
//
// A file is described by HEAD, or by a GET of its first byte where HEAD is refused
// or does not tell the size. It is read by ranges, under the condition that it is
// still what Stat last told of it (If-Match, If-Unmodified-Since): otherwise
// KindChanged. A server without ranges is read from the start as far as that is
// cheap. Content codings are refused: what is read would not be the file.
//
// # Writing
//
// An upload is one PUT request that lasts until Commit: the parts are sent as they
// come, in order, and the last bytes are held back. So nothing survives a cut
// (Traits.Streamed), and a small file is sent at Commit, with its digest. On a WebDAV
// server the PUT goes to a file in [promise.Folder] and Commit moves it to its path.
// Elsewhere the server decides what is visible while it receives: those that store
// in place show a file that is too short, and lose the one that was there.
//
// # Whom it talks to
//
// The host of the location's URL was named by an operator, and may be in a private
// network; on this machine only if the URL says so (an address or localhost).
// Redirects, and URLs of a grant that lead elsewhere, reach nothing but the
// internet, unless the option allow names it. Both are checked when the connection is
// dialled (package guard), so that a name cannot resolve to something else
// meanwhile. Redirects are followed for reading only, never from https to http, and
// credentials (user, token, headers, query, client certificate) go to the
// location's own host alone. A proxy of the environment is used; it resolves names
// itself, so there the guard checks what the name resolves to here, before the
// request.
package web
