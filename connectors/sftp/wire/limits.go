package wire

// What every server takes, in bytes.
const (
	safePacket  = 34000
	safePayload = 32 << 10
	mostPayload = 255 << 10 // what the library takes, with its headers
)

// Limits are the largest requests of a server, in bytes.
type Limits struct {
	Packet, Read, Write int
	Handles             int // open at once; 0 = not told
}

// Limits gives what the server takes, or what every server does. It waits for the
// server's answer, until the client ends.
func (c *Client) Limits() Limits {
	<-c.told
	return c.limits
}

// askLimits keeps what every server takes if this one does not say.
func (c *Client) askLimits() {
	r, err := c.ask(packetExtended, packetExtendedReply, appendString(nil, "limits@openssh.com"))
	if err != nil {
		return
	}
	packet, read, write, handles := r.uint64(), r.uint64(), r.uint64(), r.uint64()
	if r.bad {
		return
	}
	const headers = 1024
	bound := func(payload uint64) int {
		if payload == 0 || packet == 0 {
			return safePayload // zero is "not specified"
		}
		return int(max(1, min(payload, packet-min(packet, headers), mostPayload)))
	}
	c.limits = Limits{Packet: int(min(packet, mostAnswer)), Read: bound(read), Write: bound(write), Handles: int(min(handles, 1<<20))}
}
