package connectors

import (
	"encoding/json"
	"slices"
)

// An Algorithm names a digest, in the spelling of manifests and S3 documents.
type Algorithm string

// The digests that places and manifests know.
const (
	XXH128    Algorithm = "xxh128"
	XXH3      Algorithm = "xxh3" // of 64 bits
	XXH64     Algorithm = "xxh64"
	CRC64NVME Algorithm = "crc64nvme"
	CRC32C    Algorithm = "crc32c"
	CRC32     Algorithm = "crc32" // of zip, Ethernet and FTP's XCRC
	MD5       Algorithm = "md5"
	SHA1      Algorithm = "sha1"
	SHA256    Algorithm = "sha256"
	C4        Algorithm = "c4" // SMPTE ST 2114
)

// Digests are lower-case hex strings by algorithm, most significant byte first; a
// C4 is its ID of 90 characters.
type Digests map[Algorithm]string

// MarshalJSON gives an object with the algorithms in their order. It does what
// encoding/json does with any map, for a third of the work: receipts are full of them.
func (d Digests) MarshalJSON() ([]byte, error) { return d.AppendJSON(make([]byte, 0, 128)) }

// AppendJSON appends what MarshalJSON gives.
func (d Digests) AppendJSON(text []byte) ([]byte, error) {
	if d == nil {
		return append(text, "null"...), nil
	}
	var room [8]string
	names := room[:0]
	for a, sum := range d {
		if !plain(string(a)) || !plain(sum) {
			other, err := json.Marshal(map[Algorithm]string(d))
			return append(text, other...), err
		}
		names = append(names, string(a))
	}
	slices.Sort(names)
	text = append(text, '{')
	for i, name := range names {
		if i > 0 {
			text = append(text, ',')
		}
		text = append(append(append(text, '"'), name...), `":"`...)
		text = append(append(text, d[Algorithm(name)]...), '"')
	}
	return append(text, '}'), nil
}

// plain tells whether a text stands in JSON as it is.
func plain(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '-' {
			return false
		}
	}
	return true
}

// Agree compares the digests that both sides have. common tells how many there
// are; equal is false as soon as one differs.
func (d Digests) Agree(o Digests) (common int, equal bool) {
	equal = true
	for algorithm, sum := range d {
		if other, ok := o[algorithm]; ok {
			common++
			equal = equal && sum == other
		}
	}
	return common, equal
}
