package mhl

import (
	"crypto/sha512"

	"gantry/transfer/digest"
)

// C4 returns the C4 ID of data (SMPTE ST 2114).
func C4(data []byte) string { return digest.EncodeC4(sumC4(data)) }

func sumC4(data []byte) []byte {
	sum := sha512.Sum512(data)
	return sum[:]
}
