package connectortest

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"math/rand/v2"

	"github.com/minio/crc64nvme"
	"github.com/zeebo/xxh3"

	"gantry/connectors"
)

// content makes size bytes that are the same for the same seed, and differ in
// every part.
func content(seed string, size int64) []byte {
	key := sha256.Sum256([]byte(seed))
	data := make([]byte, size)
	_, _ = rand.NewChaCha8(key).Read(data)
	return data
}

// cut describes data as parts of size bytes; no bytes are no parts.
func cut(data []byte, size int64) []connectors.Part {
	var parts []connectors.Part
	for offset := int64(0); offset < int64(len(data)); offset += size {
		parts = append(parts, connectors.Part{Number: len(parts) + 1, Offset: offset, Size: min(size, int64(len(data))-offset)})
	}
	return parts
}

func whole(data []byte, parts []connectors.Part) connectors.Whole {
	return connectors.Whole{Parts: parts, Size: int64(len(data)), Digests: digests(data)}
}

// digests computes every digest that the contract names.
func digests(data []byte) connectors.Digests {
	md5Sum, sha1Sum, sha256Sum, xxh := md5.Sum(data), sha1.Sum(data), sha256.Sum256(data), xxh3.Hash128(data).Bytes()
	return connectors.Digests{
		connectors.XXH128:    hex.EncodeToString(xxh[:]),
		connectors.CRC64NVME: fmt.Sprintf("%016x", crc64nvme.Checksum(data)),
		connectors.CRC32C:    fmt.Sprintf("%08x", crc32.Checksum(data, crc32.MakeTable(crc32.Castagnoli))),
		connectors.MD5:       hex.EncodeToString(md5Sum[:]),
		connectors.SHA1:      hex.EncodeToString(sha1Sum[:]),
		connectors.SHA256:    hex.EncodeToString(sha256Sum[:]),
	}
}
