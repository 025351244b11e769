// Package link makes the connections of all connectors over TCP and TLS: it dials,
// chooses how TCP shares the way with others, notices connections on which nothing
// moves, and keeps TLS sessions and idle connections for the next request.
//
// How TCP reacts to loss (its congestion control) is chosen by the time of the
// handshake: on a long way BBR, where the kernel has it, which a lost packet does not
// slow down; to a peer next door an algorithm that does not pace what it sends, which
// costs half the CPU of BBR there (BenchmarkCongestion). It holds for what we send:
// what a server sends us follows the server's own choice. Connections of one place that go a
// long way keep to a common pace ([Line]), so that they do not push each other's packets
// out of the queue before the bottleneck; where nothing is lost under it, they go by that
// pace alone. The buffers are left to the
// kernel, which makes them as large as the way is long (net.ipv4.tcp_wmem and tcp_rmem
// bound them); a size of our own would switch that off.
//
// Names with several addresses are dialled by net.Dialer as RFC 8305 wants it (Happy
// Eyeballs), each address under the rules of a guard, if there is one.
package link
