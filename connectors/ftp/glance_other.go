//go:build !unix

package ftp

import "net"

// silent tells that nothing has come over a connection, not even its end. False says
// that something may have.
func silent(net.Conn) bool { return false }
