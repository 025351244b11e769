package digest

import (
	"crypto/sha512"
	"fmt"
	"math/big"
	"strings"
)

// c4Alphabet is base 58 in the order of ASCII, so that IDs sort like the numbers
// they stand for.
const (
	c4Alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
	c4Length   = 90
)

// EncodeC4 writes a SHA-512 as a C4 ID (SMPTE ST 2114): "c4" and the number in base
// 58, 90 characters in all.
func EncodeC4(sum []byte) string {
	id := []byte("c4" + strings.Repeat("1", c4Length-2))
	n, base, digit := new(big.Int).SetBytes(sum), big.NewInt(58), new(big.Int)
	for i := c4Length - 1; n.Sign() > 0; i-- {
		n.DivMod(n, base, digit)
		id[i] = c4Alphabet[digit.Int64()]
	}
	return string(id)
}

// DecodeC4 gives the SHA-512 that a C4 ID stands for.
func DecodeC4(id string) ([]byte, error) {
	digits, ok := strings.CutPrefix(id, "c4")
	if !ok || len(id) != c4Length {
		return nil, fmt.Errorf("%q is not a C4 ID: it needs \"c4\" and %d characters", id, c4Length-2)
	}
	n, base := new(big.Int), big.NewInt(58)
	for i := range len(digits) {
		v := strings.IndexByte(c4Alphabet, digits[i])
		if v < 0 {
			return nil, fmt.Errorf("%q is not a C4 ID: %q is not in its alphabet", id, digits[i])
		}
		n.Add(n.Mul(n, base), big.NewInt(int64(v)))
	}
	if n.BitLen() > 8*sha512.Size {
		return nil, fmt.Errorf("%q is not a C4 ID: it is larger than any SHA-512", id)
	}
	return n.FillBytes(make([]byte, sha512.Size)), nil
}
