package spec

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Kbps is a rate in units of 1,000 bits a second.
type Kbps int64

// bitsPerByte and bitsPerKbps are the units of both worlds.
const (
	bitsPerByte = 8
	bitsPerKbps = 1000
)

var rateUnits = []struct {
	suffix string
	kbps   float64
}{{"T", 1e9}, {"G", 1e6}, {"M", 1e3}, {"K", 1}}

// ParseRate reads a rate in bits a second: "500M", "1.5G", "800K". "" is 0.
func ParseRate(text string) (Kbps, error) {
	if text == "" {
		return 0, nil
	}
	for _, unit := range rateUnits {
		digits, ok := strings.CutSuffix(strings.ToUpper(text), unit.suffix)
		if !ok {
			continue
		}
		n, err := strconv.ParseFloat(digits, 64)
		kbps := n * unit.kbps
		if err != nil || !(kbps >= 1 && kbps <= math.MaxInt32) {
			break
		}
		return Kbps(kbps), nil
	}
	return 0, fmt.Errorf("%q is no rate: write bits a second as 800K, 500M or 1.5G", text)
}

// FromBytes is a rate of so many bytes a second, at least 1.
func FromBytes(perSecond int64) Kbps {
	return max(1, Kbps(min(perSecond, math.MaxInt32)*bitsPerByte/bitsPerKbps))
}
