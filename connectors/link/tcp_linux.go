package link

import (
	"fmt"
	"net"
	"time"

	"golang.org/x/sys/unix"
)

// prepare makes the settings of a fresh connection. Only a congestion control that was
// asked for by name has to work: all else is as the kernel lets it be.
func (d Dialer) prepare(c *net.TCPConn) error {
	raw, err := c.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	err = raw.Control(func(fd uintptr) { failed = d.set(int(fd)) })
	if failed != nil {
		return failed
	}
	return err
}

func (d Dialer) set(fd int) error {
	if d.Stall > 0 {
		_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(d.Stall/time.Millisecond)) // gVisor and old kernels lack it
	}
	var roundTrip time.Duration
	if info, err := unix.GetsockoptTCPInfo(fd, unix.IPPROTO_TCP, unix.TCP_INFO); err == nil {
		roundTrip = time.Duration(info.Rtt) * time.Microsecond
	}
	system, err := unix.GetsockoptString(fd, unix.IPPROTO_TCP, unix.TCP_CONGESTION)
	if err != nil {
		system = ""
	}
	names, must := d.Congestion.choose(roundTrip, system)
	for _, name := range names {
		if err = unix.SetsockoptString(fd, unix.IPPROTO_TCP, unix.TCP_CONGESTION, name); err == nil {
			return nil
		}
	}
	if must {
		return fmt.Errorf("the kernel does not let us use the congestion control %q (option congestion): %w; see sysctl net.ipv4.tcp_allowed_congestion_control", names[0], err)
	}
	return nil
}
