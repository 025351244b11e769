package agent

import (
	"encoding/binary"
	"encoding/hex"

	"github.com/zeebo/xxh3"

	"gantry/transfer/watch"
)

// arrivalID names one version of one file on one route: 16 hex digits of XXH128 over what tells versions apart. A
// restart finds the same.
func arrivalID(site, route string, f watch.File) string {
	h := xxh3.New()
	writeField(h, site, route, f.Path)
	var numbers [24]byte
	binary.BigEndian.PutUint64(numbers[0:], uint64(f.Size))
	binary.BigEndian.PutUint64(numbers[8:], uint64(f.ModTime.UnixNano()))
	binary.BigEndian.PutUint64(numbers[16:], f.Inode)
	_, _ = h.Write(numbers[:])
	return shortSum(h)
}

// growingID names a file that has no version yet.
func growingID(site, route, path string) string {
	return shortID("growing", site, route, path)
}

// shortID hashes fields so that no two lists of fields are the same bytes.
func shortID(fields ...string) string {
	h := xxh3.New()
	writeField(h, fields...)
	return shortSum(h)
}

func writeField(h *xxh3.Hasher, fields ...string) {
	for _, f := range fields {
		var length [8]byte
		binary.BigEndian.PutUint64(length[:], uint64(len(f)))
		_, _ = h.Write(length[:])
		_, _ = h.WriteString(f)
	}
}

func shortSum(h *xxh3.Hasher) string {
	sum := h.Sum128().Bytes()
	return hex.EncodeToString(sum[:8])
}

// longID is for keys of which none may ever meet another.
func longID(fields ...string) string {
	h := xxh3.New()
	writeField(h, fields...)
	sum := h.Sum128().Bytes()
	return hex.EncodeToString(sum[:])
}
