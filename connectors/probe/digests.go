package probe

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"hash"
	"hash/crc32"

	"github.com/minio/crc64nvme"
	"github.com/zeebo/xxh3"

	"gantry/connectors"
)

// algorithms that servers vouch for.
var algorithms = map[connectors.Algorithm]func() hash.Hash{
	connectors.CRC64NVME: func() hash.Hash { return crc64nvme.New() },
	connectors.CRC32C:    func() hash.Hash { return crc32.New(crc32.MakeTable(crc32.Castagnoli)) },
	connectors.XXH128:    func() hash.Hash { return xxh3.New128() },
	connectors.MD5:       md5.New,
	connectors.SHA1:      sha1.New,
	connectors.SHA256:    sha256.New,
}

// strongest lists them, the one to trust most first.
var strongest = []connectors.Algorithm{connectors.SHA256, connectors.XXH128, connectors.CRC64NVME, connectors.SHA1, connectors.MD5, connectors.CRC32C}
