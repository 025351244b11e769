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
	var roundTrip time.Duration
	err = raw.Control(func(fd uintptr) { roundTrip, failed = d.set(int(fd)) })
	if d.Line != nil && roundTrip >= Far && d.Congestion != System {
		d.Line.join(raw, roundTrip, d.Congestion == Auto || d.Congestion == "")
	}
	if failed != nil {
		return failed
	}
	return err
}

// unsent is how many bytes the kernel holds that it cannot send yet: what is written
// later, as the request for a reading or a part of an urgent file, does not wait behind
// megabytes. What is on its way is bounded by the length of the way alone.
const unsent = 512 << 10

// set also gives the time to the peer and back.
func (d Dialer) set(fd int) (roundTrip time.Duration, err error) {
	if d.Stall > 0 {
		_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(d.Stall/time.Millisecond)) // gVisor and old kernels lack it
	}
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NOTSENT_LOWAT, unsent)
	roundTrip = roundTripOf(fd)
	system, err := unix.GetsockoptString(fd, unix.IPPROTO_TCP, unix.TCP_CONGESTION)
	if err != nil {
		system = ""
	}
	names, must := d.Congestion.choose(roundTrip, system)
	for _, name := range names {
		if err = unix.SetsockoptString(fd, unix.IPPROTO_TCP, unix.TCP_CONGESTION, name); err == nil {
			return roundTrip, nil
		}
	}
	if must {
		return roundTrip, fmt.Errorf("the kernel does not let us use the congestion control %q (option congestion): %w; see sysctl net.ipv4.tcp_allowed_congestion_control", names[0], err)
	}
	return roundTrip, nil
}

// RoundTrip is the time to the peer and back as the kernel has seen it on a connection
// of Dial's; 0 = not known.
func RoundTrip(c net.Conn) (roundTrip time.Duration) {
	if w, ok := c.(*watched); ok {
		c = w.Conn
	}
	t, ok := c.(*net.TCPConn)
	if !ok {
		return 0
	}
	raw, err := t.SyscallConn()
	if err != nil {
		return 0
	}
	_ = raw.Control(func(fd uintptr) { roundTrip = roundTripOf(int(fd)) }) // of a connection that is closed, it is not known
	return roundTrip
}

func roundTripOf(fd int) time.Duration {
	info, err := unix.GetsockoptTCPInfo(fd, unix.IPPROTO_TCP, unix.TCP_INFO)
	if err != nil {
		return 0
	}
	return time.Duration(info.Rtt) * time.Microsecond
}
