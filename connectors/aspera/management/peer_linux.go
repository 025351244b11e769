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
// inside this machine. Where /proc does not tell, it is taken to be so.
func ownerOf(c net.Conn, group int) owner {
	table, err := os.ReadFile("/proc/net/tcp")
	if err != nil {
		return ours
	}
	inode := socketOf(table, c.RemoteAddr().(*net.TCPAddr), c.LocalAddr().(*net.TCPAddr))
	if inode == "" || inode == "0" {
		return unknown
	}
	if holds(group, "socket:["+inode+"]") {
		return ours
	}
	// Its process is another's, or has ended since.
	now, err := os.ReadFile("/proc/net/tcp")
	switch {
	case err != nil || socketOf(now, c.RemoteAddr().(*net.TCPAddr), c.LocalAddr().(*net.TCPAddr)) != inode:
		return unknown
	case holds(group, "socket:["+inode+"]"):
		return ours
	default:
		return stranger
	}
}

// holds tells whether a process of the group has this file open.
func holds(group int, file string) bool {
	processes, _ := filepath.Glob("/proc/[0-9]*")
	for _, process := range processes {
		if groupOf(filepath.Base(process)) != group {
			continue
		}
		links, _ := filepath.Glob(process + "/fd/*")
		for _, link := range links {
			if target, err := os.Readlink(link); err == nil && target == file {
				return true
			}
		}
	}
	return false
}

// socketOf finds the inode of the socket with these two ends.
func socketOf(table []byte, local, remote *net.TCPAddr) string {
	for line := range bytes.Lines(table) {
		fields := strings.Fields(string(line))
		if len(fields) > 9 && fields[1] == kernelAddr(local) && fields[2] == kernelAddr(remote) {
			return fields[9]
		}
	}
	return ""
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
