package servers

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
)

// Ports are taken from below the range that the kernel gives to outgoing connections and to listeners on port 0 (from 32768 on Linux, 49152 elsewhere): a
// server that is stopped for a moment finds its port free when it starts again.
const (
	firstPort = 20000
	portCount = 12000
)

// claims are the UDP ports of the numbers that were given away. Whoever holds the UDP port has the number to itself, among all who ask here.
var claims struct {
	sync.Mutex
	held []net.PacketConn
}

// FreePort gives a TCP port of this machine that nobody listens on, and keeps it from every other caller, in this process and in others, as long as this
// process lives. It may be called from many goroutines.
func FreePort() (int, error) {
	for range 1000 {
		port := firstPort + rand.IntN(portCount)
		addr := fmt.Sprintf("127.0.0.1:%d", port)
		claim, err := net.ListenPacket("udp4", addr)
		if err != nil {
			continue // somebody else's
		}
		l, err := net.Listen("tcp4", addr)
		if err != nil {
			_ = claim.Close()
			continue
		}
		claims.Lock()
		claims.held = append(claims.held, claim)
		claims.Unlock()
		return port, l.Close()
	}
	return 0, errors.New("find a free port: none of a thousand was: end what listens on them")
}
