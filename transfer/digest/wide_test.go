package digest

import (
	"math/rand/v2"
	"testing"

	"github.com/zeebo/xxh3"
	"pgregory.net/rapid"

	"gantry/connectors"
)

// However a file is cut into writes, its XXH128 is that of all its bytes.
func TestXXH128OfAnyWrites(t *testing.T) {
	t.Parallel()
	data := make([]byte, 1<<20)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(data)
	rapid.Check(t, func(t *rapid.T) {
		set, err := New(connectors.XXH128)
		if err != nil {
			t.Fatal(err)
		}
		size := rapid.OneOf(rapid.IntRange(0, 3000), rapid.IntRange(worthPlace-3, worthPlace+2*xxh3Block), rapid.IntRange(0, 200_000))
		at := 0
		for range rapid.IntRange(1, 8).Draw(t, "writes") {
			n := min(size.Draw(t, "size"), len(data)-at)
			set.Write(data[at : at+n])
			at += n
			want := xxh3.Hash128(data[:at]).Bytes()
			if got := set.Sums()[connectors.XXH128]; got != encode(connectors.XXH128, want[:]) {
				t.Fatalf("%s of %d bytes", got, at)
			}
		}
	})
}
