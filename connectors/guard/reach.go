package guard

import "net/netip"

// A Reach is how far into our own surroundings a host may lead. Each includes those
// before it.
type Reach int

// The reaches. What is none of them is reached only where it is allowed by name or
// network: link-local addresses, the metadata services of clouds, multicast, and what
// is reserved.
const (
	Internet Reach = iota
	Site           // private, shared (carriers') and unique-local networks
	Machine        // this machine itself
	Nowhere
)

var (
	site = prefixes("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")

	machine = prefixes("127.0.0.0/8", "::1/128")

	// nowhere are addresses that no host on the internet has, IPv6 addresses that hide
	// an IPv4 one in a way that we cannot read, and the metadata services of clouds
	// that are not link-local: AWS, Google, Alibaba, Azure.
	nowhere = prefixes(
		"0.0.0.0/8", "169.254.0.0/16", "192.0.0.0/24", "198.18.0.0/15", "224.0.0.0/4", "240.0.0.0/4",
		"::/96", "64:ff9b:1::/48", "2001::/32", "fe80::/10", "fec0::/10", "ff00::/8",
		"fd00:ec2::254/128", "fd20:ce::254/128", "100.100.100.200/32", "168.63.129.16/32",
	)

	nat64   = netip.MustParsePrefix("64:ff9b::/96")
	sixToIV = netip.MustParsePrefix("2002::/16")
)

// Of tells what it takes to reach an address.
func Of(ip netip.Addr) Reach {
	ip = inner(ip.Unmap().WithZone(""))
	switch {
	case !ip.IsValid():
		return Nowhere
	case within(machine, ip):
		return Machine
	case within(nowhere, ip):
		return Nowhere
	case within(site, ip):
		return Site
	}
	return Internet
}

// inner is the IPv4 address that a translating address leads to.
func inner(ip netip.Addr) netip.Addr {
	b := ip.As16()
	switch {
	case nat64.Contains(ip):
		return netip.AddrFrom4([4]byte(b[12:16]))
	case sixToIV.Contains(ip):
		return netip.AddrFrom4([4]byte(b[2:6]))
	}
	return ip
}

func within(networks []netip.Prefix, ip netip.Addr) bool {
	for _, n := range networks {
		if n.Contains(ip) {
			return true
		}
	}
	return false
}

func prefixes(texts ...string) (list []netip.Prefix) {
	for _, text := range texts {
		list = append(list, netip.MustParsePrefix(text))
	}
	return list
}
