// Package wan measures Gantry beside rclone over a long, lossy link, which it makes
// itself: two TUN devices, one of them in a network namespace with the servers, and
// between them a [Link] that delays packets, lets so many bits through a second, and
// loses some. The TCP of both ends is the kernel's own. Linux and root are needed.
//
// The servers listen on their side's loopback interface; what comes over the link for
// their ports is handed to them by splices in the same namespace, so that on the link
// TCP runs between the client and the kernel of the servers' machine.
package wan
