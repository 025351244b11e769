package digest

import (
	"testing"

	"gantry/connectors"
)

// BenchmarkSet shows what each digest costs on one core, and what the two that
// are always computed cost together.
func BenchmarkSet(b *testing.B) {
	data := make([]byte, 1<<20)
	sets := map[string][]connectors.Algorithm{"xxh128+crc64nvme": {connectors.XXH128, connectors.CRC64NVME}}
	for _, a := range All() {
		sets[string(a)] = []connectors.Algorithm{a}
	}
	for name, algorithms := range sets {
		b.Run(name, func(b *testing.B) {
			set, err := New(algorithms...)
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				set.Write(data)
			}
		})
	}
}
