package digest

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"hash"
	"hash/crc32"
	"slices"
	"strings"

	"github.com/cespare/xxhash/v2"
	"github.com/minio/crc64nvme"
	"github.com/zeebo/xxh3"

	"gantry/connectors"
)

// An algorithm makes an empty hash, whose Sum appends the most significant byte
// first.
type algorithm struct {
	name  connectors.Algorithm
	start func() hash.Hash
}

// algorithms in the order in which people are told of them, the cheapest first.
var algorithms = []algorithm{
	{connectors.XXH128, newWide},
	{connectors.CRC64NVME, func() hash.Hash { return crc64nvme.New() }},
	{connectors.XXH3, func() hash.Hash { return xxh3.New() }},
	{connectors.XXH64, func() hash.Hash { return xxhash.New() }},
	{connectors.CRC32C, func() hash.Hash { return crc32.New(castagnoli) }},
	{connectors.CRC32, func() hash.Hash { return crc32.NewIEEE() }},
	{connectors.SHA1, sha1.New},
	{connectors.SHA256, sha256.New},
	{connectors.MD5, md5.New},
	{connectors.C4, sha512.New},
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// All lists the algorithms that there are, those that cost least first.
func All() []connectors.Algorithm {
	list := make([]connectors.Algorithm, len(algorithms))
	for i, a := range algorithms {
		list[i] = a.name
	}
	return list
}

// Strong tells whether two files that have this digest in common are the same for
// sure, as far as accidents go: it has 64 bits or more. A 32-bit CRC misses one
// damage in four thousand million, which is too often for what is never looked at
// again.
func Strong(a connectors.Algorithm) bool {
	return a != connectors.CRC32 && a != connectors.CRC32C && slices.ContainsFunc(algorithms, func(known algorithm) bool { return known.name == a })
}

// find gives what makes an empty hash.
func find(a connectors.Algorithm) (start func() hash.Hash, err error) {
	for _, known := range algorithms {
		if known.name == a {
			return known.start, nil
		}
	}
	names := make([]string, len(algorithms))
	for i, known := range algorithms {
		names[i] = string(known.name)
	}
	return nil, &connectors.Error{
		Kind: connectors.KindUnsupported, Op: "compute digest", Path: string(a), Err: fmt.Errorf("no such algorithm"),
		Remedy: "use one of " + strings.Join(names, ", "),
	}
}

// encode writes a sum as [connectors.Digests] holds it.
func encode(a connectors.Algorithm, sum []byte) string {
	if a == connectors.C4 {
		return EncodeC4(sum)
	}
	return hex.EncodeToString(sum)
}

// wide gives the 128 bits of XXH3, where its Sum would append only 64.
type wide struct{ *xxh3.Hasher128 }

func (w wide) Size() int { return 16 }

func (w wide) Sum(b []byte) []byte {
	sum := w.Sum128().Bytes()
	return append(b, sum[:]...)
}
