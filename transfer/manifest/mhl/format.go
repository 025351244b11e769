package mhl

import (
	"crypto/md5"
	"crypto/sha1"
	"encoding/binary"
	"encoding/hex"
	"fmt"

	"github.com/cespare/xxhash/v2"
	"github.com/zeebo/xxh3"

	"gantry/transfer/digest"
)

// format is one of the standard's digests.
type format struct {
	name   string
	sum    func([]byte) []byte
	encode func([]byte) string
	decode func(string) ([]byte, error)
}

// formats in the order in which a manifest holds them.
var formats = []format{
	{"c4", sumC4, digest.EncodeC4, digest.DecodeC4},
	hexFormat("md5", func(b []byte) []byte { s := md5.Sum(b); return s[:] }),
	hexFormat("sha1", func(b []byte) []byte { s := sha1.Sum(b); return s[:] }),
	hexFormat("xxh128", func(b []byte) []byte { s := xxh3.Hash128(b).Bytes(); return s[:] }),
	hexFormat("xxh3", func(b []byte) []byte { return binary.BigEndian.AppendUint64(nil, xxh3.Hash(b)) }),
	hexFormat("xxh64", func(b []byte) []byte { return binary.BigEndian.AppendUint64(nil, xxhash.Sum64(b)) }),
}

func hexFormat(name string, sum func([]byte) []byte) format {
	size := len(sum(nil))
	return format{name, sum, hex.EncodeToString, func(s string) ([]byte, error) {
		b, err := hex.DecodeString(s)
		if err != nil || len(b) != size || hex.EncodeToString(b) != s {
			return nil, fmt.Errorf("%s digest %q is not %d digits of lower-case hex", name, s, 2*size)
		}
		return b, nil
	}}
}

// hash of data as the manifest spells it.
func (f format) hash(data []byte) string { return f.encode(f.sum(data)) }

// known returns those of the digests that the standard has, and an error if one of them is malformed.
func known(digests map[string]string) (map[string]string, error) {
	found := make(map[string]string, len(digests))
	for _, f := range formats {
		d, ok := digests[f.name]
		if !ok {
			continue
		}
		if _, err := f.decode(d); err != nil {
			return nil, err
		}
		found[f.name] = d
	}
	return found, nil
}
