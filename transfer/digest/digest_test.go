package digest

import (
	"bytes"
	"testing"

	"github.com/minio/crc64nvme"
	"pgregory.net/rapid"

	"gantry/connectors"
)

var every = All()

// The values are those of the catalogue of CRCs, of xxhsum, of coreutils and of
// SMPTE ST 2114.
func TestKnownValues(t *testing.T) {
	for data, want := range map[string]connectors.Digests{
		"": {
			connectors.XXH128: "99aa06d3014798d86001c324468d497f", connectors.CRC64NVME: "0000000000000000", connectors.CRC32C: "00000000",
			connectors.MD5: "d41d8cd98f00b204e9800998ecf8427e", connectors.SHA1: "da39a3ee5e6b4b0d3255bfef95601890afd80709",
			connectors.SHA256: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
			connectors.XXH3:   "2d06800538d394c2", connectors.XXH64: "ef46db3751d8e999", connectors.CRC32: "00000000",
			connectors.C4: "c459dsjfscH38cYeXXYogktxf4Cd9ibshE3BHUo6a58hBXmRQdZrAkZzsWcbWtDg5oQstpDuni4Hirj75GEmTc1sFT",
		},
		"123456789": {
			connectors.XXH128: "33119477ede5dcd5e9716427681d5860", connectors.CRC64NVME: "ae8b14860a799888", connectors.CRC32C: "e3069283",
			connectors.MD5: "25f9e794323b453885f5181f1b624d0b", connectors.SHA1: "f7c3bc1d808e04732adf679965ccc34ca7ae3441",
			connectors.SHA256: "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225",
			connectors.XXH3:   "72dcb18b67a17dff", connectors.XXH64: "8cb841db40e6ae83", connectors.CRC32: "cbf43926",
		},
		"alfa": {
			connectors.C4: "c43zYcLni5LF9rR4Lg4B8h3Jp8SBwjcnyyeh4bc6gTPHndKuKdjUWx1kJPYhZxYt3zV6tQXpDs2shPsPYjgG81wZM1",
		},
	} {
		got, err := Of([]byte(data), every...)
		if err != nil {
			t.Fatal(err)
		}
		for a := range want {
			if got[a] != want[a] {
				t.Errorf("%s of %q is %s, want %s", a, data, got[a], want[a])
			}
		}
	}
}

func TestOnePassEqualsManyPasses(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		data := rapid.SliceOfN(rapid.Byte(), 0, 5000).Draw(t, "data")
		set, err := New(every...)
		if err != nil {
			t.Fatal(err)
		}
		for rest := data; len(rest) > 0; {
			n := rapid.IntRange(1, len(rest)).Draw(t, "piece")
			set.Write(rest[:n])
			rest = rest[n:]
		}
		for _, a := range every {
			alone, size, err := Read(bytes.NewReader(data), a)
			if err != nil || size != set.Size() || alone[a] != set.Sums()[a] {
				t.Fatalf("%s differs: %v %v (%v)", a, alone[a], set.Sums()[a], err)
			}
		}
	})
}

func TestPartsCombineIntoTheWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pieces := rapid.SliceOfN(rapid.SliceOfN(rapid.Byte(), 0, 3000), 0, 12).Draw(t, "pieces")
		var whole []byte
		var parts []connectors.Part
		for i, piece := range pieces {
			sums, _ := Of(piece, connectors.CRC64NVME)
			parts = append(parts, connectors.Part{Number: i + 1, Size: int64(len(piece)), Digests: sums})
			whole = append(whole, piece...)
		}
		got, err := CombineParts(parts)
		if want := Hex64(crc64nvme.Checksum(whole)); err != nil || got != want {
			t.Fatalf("combined %s, want %s (%v)", got, want, err)
		}
	})
}

// Lengths that no test can hold in memory follow from associativity.
func TestCombineIsAssociativeAtAnyLength(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := rapid.Uint64().Draw(t, "a"), rapid.Uint64().Draw(t, "b"), rapid.Uint64().Draw(t, "c")
		m, n := rapid.Int64Range(0, 1<<61).Draw(t, "m"), rapid.Int64Range(0, 1<<61).Draw(t, "n")
		if left, right := Combine(Combine(a, b, m), c, n), Combine(a, Combine(b, c, n), m+n); left != right {
			t.Fatalf("%x != %x", left, right)
		}
	})
}

func TestADigestIsStrongFrom64BitsOn(t *testing.T) {
	for _, a := range append(All(), "rot13") {
		weak := a == connectors.CRC32 || a == connectors.CRC32C || a == "rot13"
		if Strong(a) == weak {
			t.Errorf("%s: %v", a, Strong(a))
		}
	}
}

func TestUnknownAlgorithmIsRefused(t *testing.T) {
	if _, err := New("rot13"); connectors.KindOf(err) != connectors.KindUnsupported {
		t.Fatalf("got %v", err)
	}
	if _, err := CombineParts([]connectors.Part{{Number: 1}}); connectors.KindOf(err) != connectors.KindInvalid {
		t.Fatalf("got %v", err)
	}
}
