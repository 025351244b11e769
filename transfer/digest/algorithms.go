package digest

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"fmt"
	"hash"
	"hash/crc32"

	"github.com/minio/crc64nvme"
	"github.com/zeebo/xxh3"

	"gantry/connectors"
)

// start makes an empty hash; its Sum appends the most significant byte first.
func start(a connectors.Algorithm) (hash.Hash, error) {
	switch a {
	case connectors.XXH128:
		return wide{xxh3.New128()}, nil
	case connectors.CRC64NVME:
		return crc64nvme.New(), nil
	case connectors.CRC32C:
		return crc32.New(crc32.MakeTable(crc32.Castagnoli)), nil
	case connectors.MD5:
		return md5.New(), nil
	case connectors.SHA1:
		return sha1.New(), nil
	case connectors.SHA256:
		return sha256.New(), nil
	default:
		return nil, &connectors.Error{
			Kind: connectors.KindUnsupported, Op: "compute digest", Path: string(a), Err: fmt.Errorf("no such algorithm"),
			Remedy: "use one of xxh128, crc64nvme, crc32c, md5, sha1, sha256",
		}
	}
}

// wide gives the 128 bits of XXH3, where its Sum would append only 64.
type wide struct{ *xxh3.Hasher128 }

func (w wide) Size() int { return 16 }

func (w wide) Sum(b []byte) []byte {
	sum := w.Sum128().Bytes()
	return append(b, sum[:]...)
}
