package strangefs

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// A fault makes calls fail.
type fault struct {
	Op    string // "write", "fsync", "lookup"
	Errno unix.Errno
	Times int // how many calls fail, below zero for ever
}

// Serve mounts the file system that the environment names and serves it until it
// is unmounted. It tells on stdout when it is ready and when a fault is set, and
// takes faults on stdin.
func Serve() error {
	var b Behaviour
	if err := json.Unmarshal([]byte(os.Getenv(behaviour)), &b); err != nil {
		return err
	}
	dir := os.Getenv(mountPoint)
	fd, err := unix.Open("/dev/fuse", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("open /dev/fuse: %w", err)
	}
	options := fmt.Sprintf("fd=%d,rootmode=40000,user_id=%d,group_id=%d,default_permissions", fd, os.Getuid(), os.Getgid())
	if err := unix.Mount("strangefs", dir, "fuse", unix.MS_NODEV|unix.MS_NOSUID, options); err != nil {
		return fmt.Errorf("mount: %w", err)
	}
	s := &server{fd: fd, tree: newTree(b), faults: map[string]fault{}}
	go s.listen()
	fmt.Println("ready")
	return s.loop()
}

type server struct {
	fd   int
	tree *tree

	mu     sync.Mutex
	faults map[string]fault
}

// listen takes faults until whoever mounts goes away, and then unmounts.
func (s *server) listen() {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var f fault
		if err := json.Unmarshal(lines.Bytes(), &f); err != nil {
			fmt.Println("error:", err)
			continue
		}
		s.mu.Lock()
		s.faults[f.Op] = f
		s.mu.Unlock()
		fmt.Println("set")
	}
	_ = unix.Unmount(os.Getenv(mountPoint), unix.MNT_DETACH)
	os.Exit(0)
}

func (s *server) due(op string) unix.Errno {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, ok := s.faults[op]
	if !ok || f.Times == 0 {
		return 0
	}
	f.Times--
	s.faults[op] = f
	return f.Errno
}

func (s *server) loop() error {
	buffer := make([]byte, 1<<20+4096)
	for {
		n, err := unix.Read(s.fd, buffer)
		switch err {
		case nil:
		case unix.EINTR, unix.EAGAIN, unix.ENOENT:
			continue
		case unix.ENODEV:
			return nil
		default:
			return err
		}
		r := parse(buffer[:n])
		if r.op == opForget || r.op == opBatchForget || r.op == opInterrupt {
			continue
		}
		errno := s.due(opNames[r.op])
		var body []byte
		if errno == 0 {
			body, errno = s.answer(r)
		}
		if _, err := unix.Write(s.fd, reply(r.unique, errno, body)); err != nil && err != unix.ENOENT {
			return err
		}
	}
}

func (s *server) answer(r request) ([]byte, unix.Errno) {
	if r.op == opInit {
		return pack(uint32(7), uint32(31), r.u32(8), uint32(1<<5), uint16(16), uint16(12), uint32(128<<10), uint32(1), uint16(0), uint16(0), [8]uint32{}), 0
	}
	n, ok := s.tree.nodes[r.node]
	if !ok {
		return nil, unix.ESTALE
	}
	switch r.op {
	case opLookup:
		return entryOf(s.tree.find(n, r.names(0)[0]))
	case opGetattr:
		return attrOf(n), 0
	case opSetattr:
		return s.setattr(n, r)
	case opMkdir:
		return entryOf(s.tree.add(n, r.names(8)[0], unix.S_IFDIR|r.u32(0)&0o7777))
	case opCreate:
		made, errno := s.tree.add(n, r.names(16)[0], unix.S_IFREG|r.u32(4)&0o7777)
		if errno != 0 {
			return nil, errno
		}
		return append(made.entry(), opened...), 0
	case opUnlink, opRmdir:
		return nil, s.tree.remove(n, r.names(0)[0])
	case opRename, opRename2:
		return nil, s.rename(n, r)
	case opOpen, opOpendir:
		return opened, 0
	case opRead:
		return n.read(r.u64(8), r.u32(16)), 0
	case opWrite:
		n.write(r.u64(8), r.body[40:40+r.u32(16)])
		s.tree.touch(n)
		return pack(r.u32(16), uint32(0)), 0
	case opCopyRange:
		if !s.tree.CopiesNone {
			return nil, unix.ENOSYS
		}
		return pack(uint32(0), uint32(0)), 0
	case opReaddir:
		return n.list(r.u64(8), r.u32(16)), 0
	case opStatfs:
		return s.statfs(), 0
	case opRelease, opReleasedir, opFlush, opFsync, opFsyncdir:
		return nil, 0
	default:
		return nil, unix.ENOSYS
	}
}

var opened = pack(uint64(0), uint32(1), uint32(0)) // direct I/O: each write comes at once

func attrOf(n *node) []byte { return append(pack(uint64(0), uint32(0), uint32(0)), n.attr()...) }

func entryOf(n *node, errno unix.Errno) ([]byte, unix.Errno) {
	if errno != 0 {
		return nil, errno
	}
	return n.entry(), 0
}

func (s *server) setattr(n *node, r request) ([]byte, unix.Errno) {
	const mode, size, mtime, mtimeNow = 1, 8, 32, 256
	valid := r.u32(0)
	if valid&size != 0 {
		n.truncate(r.u64(16))
		s.tree.touch(n)
	}
	if valid&mode != 0 {
		n.mode = n.mode&unix.S_IFMT | r.u32(68)&0o7777
	}
	if valid&mtimeNow != 0 {
		s.tree.touch(n)
	} else if valid&mtime != 0 {
		n.mtime = s.tree.kept(time.Unix(int64(r.u64(40)), int64(r.u32(60))))
	}
	return attrOf(n), 0
}

func (s *server) rename(from *node, r request) unix.Errno {
	names, flags := r.names(8), uint32(0)
	if r.op == opRename2 {
		names, flags = r.names(16), r.u32(8)
	}
	to, ok := s.tree.nodes[r.u64(0)]
	if !ok {
		return unix.ESTALE
	}
	return s.tree.rename(from, names[0], to, names[1], flags)
}

func (s *server) statfs() []byte {
	files, free := uint64(0), uint64(0)
	if s.tree.Files > 0 {
		files, free = uint64(s.tree.Files), uint64(max(0, s.tree.Files-s.tree.live))
	}
	return pack(uint64(1<<20), uint64(1<<19), uint64(1<<19), files, free, uint32(4096), uint32(255), uint32(4096), uint32(0), [6]uint32{})
}
