package mhl

import (
	"crypto/sha512"
	"fmt"
	"math/big"
	"strings"
)

// c4Alphabet is base 58 in the order of ASCII, so IDs sort like the numbers they stand for.
const (
	c4Alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
	c4Length   = 90
)

// C4 returns the C4 ID of data (SMPTE ST 2114): "c4" and its SHA-512 in base 58, 90 characters in all.
func C4(data []byte) string { return encodeC4(sumC4(data)) }

func sumC4(data []byte) []byte {
	sum := sha512.Sum512(data)
	return sum[:]
}

func encodeC4(sum []byte) string {
	id := []byte("c4" + strings.Repeat("1", c4Length-2))
	n, base, digit := new(big.Int).SetBytes(sum), big.NewInt(58), new(big.Int)
	for i := c4Length - 1; n.Sign() > 0; i-- {
		n.DivMod(n, base, digit)
		id[i] = c4Alphabet[digit.Int64()]
	}
	return string(id)
}

func decodeC4(id string) ([]byte, error) {
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
