package wire

import (
	"encoding/binary"
	"io/fs"
	"math"
	"time"

	"github.com/pkg/sftp"
)

// The fields that attributes may have.
const (
	hasSize     = 1
	hasOwner    = 2
	hasMode     = 4
	hasTimes    = 8
	hasExtended = 1 << 31
)

// Attrs is what a server tells of a file.
type Attrs struct {
	Size    int64       // -1 = not told
	Mode    fs.FileMode // a regular file if the server does not tell
	Typed   bool        // the server told the mode
	ModTime time.Time   // zero = not told
}

// attrs reads attributes. An impossible size counts as a broken packet.
func (r *reader) attrs() Attrs {
	a := Attrs{Size: -1}
	flags := r.uint32()
	if flags&hasSize != 0 {
		size := r.uint64()
		if size > math.MaxInt64 {
			r.bad = true
			return Attrs{}
		}
		a.Size = int64(size)
	}
	if flags&hasOwner != 0 {
		r.take(8)
	}
	if flags&hasMode != 0 {
		a.Mode, a.Typed = modeOf(r.uint32()), true
	}
	if flags&hasTimes != 0 {
		r.take(4)
		a.ModTime = time.Unix(int64(r.uint32()), 0).UTC()
	}
	if flags&hasExtended != 0 {
		for n := r.uint32(); n > 0 && !r.bad; n-- {
			r.bytes()
			r.bytes()
		}
	}
	return a
}

// modeOf translates the bits of POSIX.
func modeOf(bits uint32) fs.FileMode {
	mode := fs.FileMode(bits & 0o777)
	switch bits & 0xF000 {
	case 0x4000:
		mode |= fs.ModeDir
	case 0xA000:
		mode |= fs.ModeSymlink
	case 0x1000:
		mode |= fs.ModeNamedPipe
	case 0xC000:
		mode |= fs.ModeSocket
	case 0x6000:
		mode |= fs.ModeDevice
	case 0x2000:
		mode |= fs.ModeDevice | fs.ModeCharDevice
	case 0x8000, 0:
	default:
		mode |= fs.ModeIrregular
	}
	return mode
}

// told rewrites attributes so that the library gives what they lack as zero, and
// in place of the owner, whom nobody asks for, which of them there were.
func told(body []byte) ([]byte, error) {
	r := reader{rest: body}
	flags := r.uint32()
	fields := [...]struct {
		flag uint32
		size int
	}{{hasSize, 8}, {hasOwner, 8}, {hasMode, 4}, {hasTimes, 8}}
	b := binary.BigEndian.AppendUint32(nil, hasSize|hasOwner|hasMode|hasTimes)
	for _, f := range fields {
		value := make([]byte, f.size)
		if flags&f.flag != 0 {
			value = r.take(f.size)
		}
		if f.flag == hasOwner {
			value = binary.BigEndian.AppendUint64(nil, uint64(flags)<<32)
		}
		b = append(b, value...)
	}
	whole := reader{rest: body}
	if whole.attrs(); whole.bad {
		return nil, garbled("attributes that cannot be")
	}
	return b, nil
}

// attrsOf reads what went through told.
func attrsOf(s *sftp.FileStat) Attrs {
	a := Attrs{Size: -1, Mode: modeOf(s.Mode), Typed: s.UID&hasMode != 0}
	if s.UID&hasSize != 0 {
		a.Size = int64(s.Size)
	}
	if s.UID&hasTimes != 0 {
		a.ModTime = time.Unix(int64(s.Mtime), 0).UTC()
	}
	return a
}

// A Name is one entry of a folder, with the name as the server sent it.
type Name struct {
	Name string
	Attrs
}

// names reads the answer to READDIR and REALPATH.
func (r *reader) names() []Name {
	count := r.uint32()
	const least = 4 + 4 + 4 // bytes of an entry
	if uint64(count)*least > uint64(len(r.rest)) {
		r.bad = true
		return nil
	}
	list := make([]Name, 0, count)
	for range count {
		name, long := r.string(), r.bytes()
		attrs := r.attrs()
		if r.bad {
			return nil
		}
		if !attrs.Typed && len(long) > 0 {
			attrs.Mode, attrs.Typed = typeOf(long[0])
		}
		list = append(list, Name{name, attrs})
	}
	return list
}

// typeOf reads the first letter of a line of "ls -l", which servers send beside
// the attributes.
func typeOf(letter byte) (fs.FileMode, bool) {
	switch letter {
	case '-':
		return 0, true
	case 'd':
		return fs.ModeDir, true
	case 'l':
		return fs.ModeSymlink, true
	case 'p', 's', 'b', 'c':
		return fs.ModeIrregular, true
	}
	return 0, false
}
