package link_test

import (
	"context"
	"net"
	"strconv"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"
	"golang.org/x/sys/unix"

	"gantry/connectors/link"
)

// names is a resolver for which every name is this machine, by IPv6 and by IPv4.
func names(t *testing.T) *net.Resolver {
	t.Helper()
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	go func() {
		buffer := make([]byte, 1500)
		for {
			n, from, err := server.ReadFrom(buffer)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(buffer[:n]) != nil || len(m.Questions) != 1 {
				continue
			}
			q := m.Questions[0]
			head := dnsmessage.ResourceHeader{Name: q.Name, Class: q.Class, TTL: 1}
			m.Response, m.Additionals = true, nil
			switch q.Type {
			case dnsmessage.TypeA:
				m.Answers = []dnsmessage.Resource{{Header: head, Body: &dnsmessage.AResource{A: [4]byte{127, 0, 0, 1}}}}
			case dnsmessage.TypeAAAA:
				m.Answers = []dnsmessage.Resource{{Header: head, Body: &dnsmessage.AAAAResource{AAAA: [16]byte{15: 1}}}}
			}
			if answer, err := m.Pack(); err == nil {
				_, _ = server.WriteTo(answer, from)
			}
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "udp", server.LocalAddr().String())
	}}
}

// deaf takes a port of ::1 that answers nobody: its queue is full, and the kernel drops
// what comes.
func deaf(t *testing.T, port int) {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET6, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Skipf("this machine has no IPv6: %v", err)
	}
	t.Cleanup(func() { _ = unix.Close(fd) })
	if err := unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 1); err != nil {
		t.Fatal(err)
	}
	if err := unix.Bind(fd, &unix.SockaddrInet6{Port: port, Addr: [16]byte{15: 1}}); err != nil {
		t.Skipf("this machine has no IPv6: %v", err)
	}
	if err := unix.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	for range 4 {
		c, err := net.DialTimeout("tcp6", net.JoinHostPort("::1", strconv.Itoa(port)), 100*time.Millisecond)
		if err != nil {
			return
		}
		t.Cleanup(func() { _ = c.Close() })
	}
	t.Fatal("it answers all the same")
}

// A server whose IPv6 address leads nowhere is reached by the other one, soon.
func TestAnAddressThatLeadsNowhere(t *testing.T) {
	t.Parallel()
	addr := listen(t, func(c net.Conn) { _ = c.Close() })
	_, text, _ := net.SplitHostPort(addr)
	port, _ := strconv.Atoi(text)
	deaf(t, port)
	began := time.Now()
	c, err := link.Dialer{Resolver: names(t), Timeout: 10 * time.Second}.Dial(t.Context(), "tcp", "server.test:"+text)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if took := time.Since(began); took > 3*time.Second || took < 200*time.Millisecond {
		t.Errorf("it took %v; a third of a second is given to IPv6", took)
	}
	if host := c.RemoteAddr().(*net.TCPAddr).IP; !host.Equal(net.IPv4(127, 0, 0, 1)) {
		t.Errorf("it is connected to %v", host)
	}
}
