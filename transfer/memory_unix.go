//go:build unix

package transfer

import "golang.org/x/sys/unix"

func allocate(size int64) []byte {
	if size >= large {
		if data, err := unix.Mmap(-1, 0, int(size), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE); err == nil {
			return data
		}
	}
	return make([]byte, size)
}

func release(data []byte) {
	if len(data) >= large {
		_ = unix.Munmap(data) // fails for one from the heap, which the collector takes
	}
}
