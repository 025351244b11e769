//go:build !linux

package link

import (
	"fmt"
	"net"
)

// prepare leaves the settings to the system.
func (d Dialer) prepare(*net.TCPConn) error {
	if names, must := d.Congestion.choose(0, ""); must {
		return fmt.Errorf("the congestion control %q (option congestion) can be chosen on Linux only; write auto", names[0])
	}
	return nil
}
