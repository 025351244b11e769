package strangefs

import (
	"bytes"
	"encoding/binary"
	"time"

	"golang.org/x/sys/unix"
)

// The operations of linux/fuse.h that are answered.
const (
	opLookup      = 1
	opForget      = 2
	opGetattr     = 3
	opSetattr     = 4
	opMkdir       = 9
	opUnlink      = 10
	opRmdir       = 11
	opRename      = 12
	opLink        = 13
	opOpen        = 14
	opRead        = 15
	opWrite       = 16
	opStatfs      = 17
	opRelease     = 18
	opFsync       = 20
	opFlush       = 25
	opInit        = 26
	opOpendir     = 27
	opReaddir     = 28
	opReleasedir  = 29
	opFsyncdir    = 30
	opCreate      = 35
	opInterrupt   = 36
	opBatchForget = 42
	opRename2     = 45
	opCopyRange   = 47
)

var opNames = map[uint32]string{
	opLookup: "lookup", opGetattr: "getattr", opSetattr: "setattr", opMkdir: "mkdir", opUnlink: "unlink", opRename: "rename", opRename2: "rename",
	opOpen: "open", opRead: "read", opWrite: "write", opFsync: "fsync", opOpendir: "opendir", opReaddir: "readdir", opFsyncdir: "fsyncdir", opCreate: "create",
}

var order = binary.LittleEndian

// A request is one message of the kernel.
type request struct {
	op     uint32
	unique uint64
	node   uint64
	body   []byte
}

func parse(b []byte) request {
	return request{op: order.Uint32(b[4:]), unique: order.Uint64(b[8:]), node: order.Uint64(b[16:]), body: b[40:]}
}

func (r request) u32(at int) uint32 { return order.Uint32(r.body[at:]) }
func (r request) u64(at int) uint64 { return order.Uint64(r.body[at:]) }

// names are the strings that end the body.
func (r request) names(at int) []string {
	var names []string
	for _, b := range bytes.Split(bytes.TrimSuffix(r.body[at:], []byte{0}), []byte{0}) {
		names = append(names, string(b))
	}
	return names
}

// reply is what the kernel gets: an error, or a body of fixed-width numbers.
func reply(unique uint64, errno unix.Errno, body []byte) []byte {
	if errno != 0 {
		body = nil
	}
	out := make([]byte, 16, 16+len(body))
	order.PutUint32(out, uint32(16+len(body)))
	order.PutUint32(out[4:], uint32(-int32(errno)))
	order.PutUint64(out[8:], unique)
	return append(out, body...)
}

func pack(fields ...any) []byte {
	var b bytes.Buffer
	for _, f := range fields {
		_ = binary.Write(&b, order, f) // to memory, of fixed size
	}
	return b.Bytes()
}

func (n *node) attr() []byte {
	seconds := func(t time.Time) uint64 { return uint64(t.Unix()) }
	nanos := func(t time.Time) uint32 { return uint32(t.Nanosecond()) }
	size := uint64(len(n.data))
	return pack(n.id, size, (size+511)/512, seconds(n.mtime), seconds(n.mtime), seconds(n.ctime), nanos(n.mtime), nanos(n.mtime), nanos(n.ctime),
		n.mode, n.links, uint32(0), uint32(0), uint32(0), uint32(4096), uint32(0))
}

func (n *node) entry() []byte {
	return append(pack(n.id, uint64(0), uint64(0), uint64(0), uint32(0), uint32(0)), n.attr()...)
}
