package guard_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"

	"golang.org/x/net/dns/dnsmessage"

	"gantry/connectors/guard"
)

func TestReachOfAddresses(t *testing.T) {
	for reach, addresses := range map[guard.Reach]string{
		guard.Internet: "8.8.8.8 1.1.1.1 172.32.0.1 100.128.0.1 192.167.255.255 2606:4700::1111 ::ffff:8.8.8.8 64:ff9b::808:808 2002:808:808::1",
		guard.Site: "10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.1 100.64.0.1 100.127.255.255 fc00::1 fd12::1 " +
			"::ffff:10.0.0.1 64:ff9b::a00:1 2002:a00:1::",
		guard.Machine: "127.0.0.1 127.255.255.254 ::1 ::ffff:127.0.0.1 64:ff9b::7f00:1 2002:7f00:1::",
		guard.Nowhere: "0.0.0.0 0.1.2.3 169.254.169.254 ::ffff:169.254.169.254 64:ff9b::a9fe:a9fe 2002:a9fe:a9fe:: 192.0.0.1 198.18.0.1 198.19.255.255 " +
			"224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255 :: ::127.0.0.1 64:ff9b:1::7f00:1 2001::1 fe80::1 fe80::1%eth0 febf::1 fec0::1 ff02::1 " +
			"fd00:ec2::254 fd20:ce::254 100.100.100.200 168.63.129.16 ::ffff:168.63.129.16",
	} {
		for _, text := range strings.Fields(addresses) {
			if got := guard.Of(netip.MustParseAddr(text)); got != reach {
				t.Errorf("%s: %d; want %d", text, got, reach)
			}
		}
	}
	if guard.Of(netip.Addr{}) != guard.Nowhere {
		t.Error("no address at all can be reached")
	}
}

func TestGuardJudgesTheAddressForTheHost(t *testing.T) {
	g := guard.Guard{
		Allow: must(guard.ParseAllowed("10.1.0.0/16, nas.local metadata.corp,192.168.7.7")),
		Reach: func(host string) guard.Reach {
			return map[string]guard.Reach{"own": guard.Site, "localhost": guard.Machine}[host]
		},
	}
	for _, test := range []struct {
		host, ip string
		good     bool
	}{
		{"far", "8.8.8.8", true},
		{"far", "10.0.0.1", false},
		{"far", "10.1.2.3", true},
		{"far", "::ffff:10.1.2.3", true},
		{"far", "192.168.7.7", true},
		{"far", "192.168.7.8", false},
		{"own", "10.0.0.1", true},
		{"own", "127.0.0.1", false},
		{"own", "169.254.169.254", false},
		{"localhost", "127.0.0.1", true},
		{"localhost", "169.254.169.254", false},
		{"NAS.local.", "192.168.1.1", true},
		{"metadata.corp", "169.254.169.254", true},
	} {
		err := g.Check(test.host, netip.MustParseAddr(test.ip))
		if (err == nil) != test.good || err != nil && !errors.Is(err, guard.ErrInner) {
			t.Errorf("%s as %s: %v", test.host, test.ip, err)
		}
	}
}

func TestParseAllowed(t *testing.T) {
	for _, bad := range []string{"10.0.0.0/33", "http://host", "*.local", "a b/c"} {
		if _, err := guard.ParseAllowed(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
	if a := must(guard.ParseAllowed(" ")); len(a.Hosts)+len(a.Networks) > 0 {
		t.Errorf("nothing allows %+v", a)
	}
}

func TestDialRefusesBeforeConnecting(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	for _, host := range []string{"127.0.0.1", "localhost", "::ffff:127.0.0.1", "127.1.1.1"} {
		c, err := guard.Guard{}.Dial(net.Dialer{})(t.Context(), "tcp", net.JoinHostPort(host, port))
		if !errors.Is(err, guard.ErrInner) {
			t.Errorf("%s: %v, %v", host, c, err)
		}
	}
	open := guard.Guard{Allow: must(guard.ParseAllowed("127.0.0.1"))}
	c, err := open.Dial(net.Dialer{})(t.Context(), "tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	_ = c.Close()
}

func TestLookup(t *testing.T) {
	r := &net.Resolver{}
	if err := (guard.Guard{}).Lookup(t.Context(), r, "localhost"); !errors.Is(err, guard.ErrInner) {
		t.Errorf("localhost: %v", err)
	}
	if err := (guard.Guard{}).Lookup(t.Context(), r, "10.0.0.1"); !errors.Is(err, guard.ErrInner) {
		t.Errorf("10.0.0.1: %v", err)
	}
	if err := (guard.Guard{}).Lookup(t.Context(), r, "8.8.8.8"); err != nil {
		t.Errorf("8.8.8.8: %v", err)
	}
}

// TestLookupOfNumbers refuses what others may read as an address.
func TestLookupOfNumbers(t *testing.T) {
	r := &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("no network") }}
	for _, host := range []string{"2130706433", "0x7f000001", "0X7F.1", "127.1", "0177.0.0.1", "127.0.0.1.", "media.0x", "2852039166"} {
		if err := (guard.Guard{}).Lookup(t.Context(), r, host); !errors.Is(err, guard.ErrInner) {
			t.Errorf("%s: %v", host, err)
		}
	}
	for _, host := range []string{"media.0xg", "10.example", "v1"} {
		if err := (guard.Guard{}).Lookup(t.Context(), r, host); errors.Is(err, guard.ErrInner) {
			t.Errorf("%s: %v", host, err)
		}
	}
}

// TestLookupThatFails lets through nothing but a name that is not there, and what
// is allowed by name.
func TestLookupThatFails(t *testing.T) {
	for code, good := range map[dnsmessage.RCode]bool{dnsmessage.RCodeNameError: true, dnsmessage.RCodeServerFailure: false} {
		r := answering(t, code)
		if err := (guard.Guard{}).Lookup(t.Context(), r, "media.example"); (err == nil) != good {
			t.Errorf("%v: %v", code, err)
		}
		named := guard.Guard{Allow: must(guard.ParseAllowed("media.example"))}
		if err := named.Lookup(t.Context(), r, "media.example"); err != nil {
			t.Errorf("%v, allowed by name: %v", code, err)
		}
	}
}

// answering makes a resolver whose server answers all questions with code.
func answering(t *testing.T, code dnsmessage.RCode) *net.Resolver {
	t.Helper()
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	go func() {
		buffer := make([]byte, 512)
		for {
			n, from, err := c.ReadFrom(buffer)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(buffer[:n]) != nil {
				continue
			}
			m.Response, m.RCode, m.Additionals = true, code, nil
			if packed, err := m.Pack(); err == nil {
				_, _ = c.WriteTo(packed, from)
			}
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", c.LocalAddr().String())
	}}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
