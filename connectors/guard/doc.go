// Package guard keeps connections away from addresses that whoever named a host had
// no business to lead us to: this machine, the networks of a site, the metadata
// service of a cloud.
//
// The check is made when the connection is dialled, on the address that a name
// resolved to at that moment, so that neither a redirect nor a name that changes
// what it resolves to (DNS rebinding) gets round it. An IPv4 address is judged as
// itself, in whatever IPv6 address it is wrapped: IPv4-mapped, NAT64, 6to4.
package guard
