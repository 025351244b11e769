package management

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// ownerOf tells whether a process of the group has the other end of a connection
// inside this machine. Where /proc does not tell, it is taken to be so. A socket of
// our own user that nobody holds is that of a process which ends just now.
func ownerOf(c net.Conn, group int) owner {
	table, err := os.ReadFile("/proc/net/tcp")
	if err != nil {
		return ours
	}
	inode, user := socketOf(table, c.RemoteAddr().(*net.TCPAddr), c.LocalAddr().(*net.TCPAddr))
	if inode == "" || inode == "0" {
		return unknown
	}
	whose := holder("socket:["+inode+"]", group)
	if whose == unknown && user != strconv.Itoa(os.Geteuid()) {
		return stranger // whose processes we may not look into
	}
	return whose
}

// holder tells who has this file open, unknown if nobody has whom we may look into.
func holder(file string, group int) owner {
	found := unknown
	processes, _ := filepath.Glob("/proc/[0-9]*")
	for _, process := range processes {
		links, _ := filepath.Glob(process + "/fd/*")
		for _, link := range links {
			if target, err := os.Readlink(link); err != nil || target != file {
				continue
			}
			switch groupOf(filepath.Base(process)) {
			case group:
				return ours
			case 0: // it has ended since
			default:
				found = stranger
			}
		}
	}
	return found
}

// socketOf finds the inode and the user of the socket with these two ends.
func socketOf(table []byte, local, remote *net.TCPAddr) (inode, user string) {
	for line := range bytes.Lines(table) {
		fields := strings.Fields(string(line))
		if len(fields) > 9 && fields[1] == kernelAddr(local) && fields[2] == kernelAddr(remote) {
			return fields[9], fields[7]
		}
	}
	return "", ""
}

// kernelAddr writes an address as /proc/net/tcp does: the bytes of the IP in the
// machine's order, which is little-endian on all that Gantry is built for.
func kernelAddr(a *net.TCPAddr) string {
	ip := a.IP.To4()
	return strings.ToUpper(hex.EncodeToString([]byte{ip[3], ip[2], ip[1], ip[0]})) + fmt.Sprintf(":%04X", a.Port)
}

func groupOf(pid string) int {
	stat, err := os.ReadFile("/proc/" + pid + "/stat")
	if err != nil {
		return 0
	}
	// "pid (name) state ppid pgrp …", where the name may hold anything.
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) < 3 {
		return 0
	}
	group, _ := strconv.Atoi(string(fields[2]))
	return group
}
