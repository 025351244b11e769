package digest

import (
	"fmt"
	"strconv"

	"gantry/connectors"
)

// polynomial is CRC64NVME's, bit-reversed: the coefficient of x^0 is the top bit.
const polynomial = 0x9a6c9329ac4bc9b5

// powers[k] is x^(2^k) modulo the polynomial.
var powers = func() (t [67]uint64) {
	t[0] = 1 << 62
	for k := 1; k < len(t); k++ {
		t[k] = multiply(t[k-1], t[k-1])
	}
	return t
}()

// Combine gives the CRC64NVME of A followed by B from those of A and of B, which
// is sizeB bytes long. Appending B multiplies A's remainder by x^(8·sizeB).
func Combine(a, b uint64, sizeB int64) uint64 {
	shift := uint64(1 << 63)
	for k := 3; sizeB > 0; k, sizeB = k+1, sizeB>>1 {
		if sizeB&1 == 1 {
			shift = multiply(powers[k], shift)
		}
	}
	return multiply(shift, a) ^ b
}

// multiply gives a·b modulo the polynomial, in the bit-reversed form.
func multiply(a, b uint64) (product uint64) {
	for ; a != 0; a <<= 1 {
		if a>>63 == 1 {
			product ^= b
		}
		if b&1 == 1 {
			b = b>>1 ^ polynomial
		} else {
			b >>= 1
		}
	}
	return product
}

// CombineParts gives the CRC64NVME of a whole from those of its parts, which are
// ascending and without gaps. KindInvalid if one of them lacks it.
func CombineParts(parts []connectors.Part) (string, error) {
	var whole uint64
	for _, p := range parts {
		crc, err := strconv.ParseUint(p.Digests[connectors.CRC64NVME], 16, 64)
		if err != nil {
			return "", connectors.Errorf(connectors.KindInvalid, "combine digests", fmt.Sprintf("part %d", p.Number), "its crc64nvme does not parse: %w", err)
		}
		whole = Combine(whole, crc, p.Size)
	}
	return Hex64(whole), nil
}

// Hex64 writes a 64-bit CRC the way [connectors.Digests] holds it.
func Hex64(crc uint64) string { return fmt.Sprintf("%016x", crc) }
