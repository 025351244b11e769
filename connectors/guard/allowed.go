package guard

import (
	"fmt"
	"net/netip"
	"strings"
)

// Allowed are exceptions: networks, and hosts by name.
type Allowed struct {
	Networks []netip.Prefix
	Hosts    []string // in lower case, without ports
}

// ParseAllowed reads addresses, networks (10.1.0.0/16) and hosts' names, separated
// by commas or blanks.
func ParseAllowed(list string) (Allowed, error) {
	var a Allowed
	for _, item := range strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' || r == '\n' }) {
		if ip, err := netip.ParseAddr(strings.Trim(item, "[]")); err == nil {
			ip = ip.Unmap().WithZone("")
			a.Networks = append(a.Networks, netip.PrefixFrom(ip, ip.BitLen()))
			continue
		}
		if network, err := netip.ParsePrefix(item); err == nil {
			a.Networks = append(a.Networks, network)
			continue
		}
		if strings.ContainsAny(item, "/:*@?#[]") {
			return a, fmt.Errorf("%q is neither an address, nor a network like 10.1.0.0/16, nor a host's name", item)
		}
		a.Hosts = append(a.Hosts, strings.ToLower(strings.TrimSuffix(item, ".")))
	}
	return a, nil
}

func (a Allowed) covers(host string, ip netip.Addr) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	for _, h := range a.Hosts {
		if h == host {
			return true
		}
	}
	return within(a.Networks, ip.Unmap().WithZone(""))
}
