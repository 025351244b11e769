//go:build !linux

package management

import "net"

// ownerOf cannot be told here: whoever dials first is taken for ascp.
func ownerOf(net.Conn, int) owner { return ours }
