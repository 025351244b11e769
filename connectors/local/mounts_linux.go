package local

import (
	"bufio"
	"io"
	"io/fs"
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// mounts reads what this process sees mounted, in the order of mounting. None
// where the kernel does not say.
func mounts() []mount {
	f, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return nil
	}
	defer f.Close()
	return parseMounts(f)
}

// parseMounts reads mountinfo of proc(5).
func parseMounts(r io.Reader) (list []mount) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		front, back, ok := strings.Cut(lines.Text(), " - ")
		fields := strings.Fields(front)
		if !ok || len(fields) < 5 {
			continue
		}
		kind, _, _ := strings.Cut(back, " ")
		list = append(list, mount{device: fields[2], point: unescape.Replace(fields[4]), kind: kind})
	}
	return list
}

var unescape = strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`)

func identify(info fs.FileInfo) folderID {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return folderID{uint64(s.Dev), s.Ino}
	}
	return folderID{}
}

// volumeOf tells volumes apart that come back under another device; 0 = not known.
func volumeOf(path string) uint64 {
	var s unix.Statfs_t
	if err := unix.Statfs(path, &s); err != nil {
		return 0
	}
	return uint64(uint32(s.Fsid.Val[0]))<<32 | uint64(uint32(s.Fsid.Val[1]))
}
