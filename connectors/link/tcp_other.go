//go:build !linux

package link

import (
	"fmt"
	"net"
	"time"
)

// prepare leaves the settings to the system.
func (d Dialer) prepare(*net.TCPConn) error {
	if names, must := d.Congestion.choose(0, ""); must {
		return fmt.Errorf("the congestion control %q (option congestion) can be chosen on Linux only; write auto", names[0])
	}
	return nil
}

// RoundTrip is not known here.
func RoundTrip(net.Conn) time.Duration { return 0 }
