package objectstore

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"gantry/connectors"
)

func TestStatementsComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		digests := connectors.Digests{}
		for _, p := range preferred {
			if rapid.Bool().Draw(t, string(p.algorithm)) {
				digests[p.algorithm] = fmt.Sprintf("%x", rapid.SliceOfN(rapid.Byte(), p.length, p.length).Draw(t, "digest"))
			}
		}
		etag := rapid.SampledFrom([]string{"", "d41d8cd98f00b204e9800998ecf8427e", "d41d8cd98f00b204e9800998ecf8427e-10000"}).Draw(t, "etag")
		text := formatStated(digests, etag)
		got, of := parseStated(text)
		if len(text) > maxStated || (len(digests) > 0 && of != etag) {
			t.Fatalf("%q: %d characters, for %q", text, len(text), of)
		}
		for algorithm, sum := range got {
			if digests[algorithm] != sum {
				t.Fatalf("%s is %q; want %q", algorithm, sum, digests[algorithm])
			}
		}
		for _, first := range preferred[:2] {
			if got[first.algorithm] != digests[first.algorithm] {
				t.Fatalf("%s is left out of %q", first.algorithm, text)
			}
		}
		if strings.ContainsFunc(text, func(r rune) bool {
			return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyz0123456789 +-=._:/@", r)
		}) {
			t.Fatalf("%q is no value of a tag", text)
		}
	})
}

func FuzzStated(f *testing.F) {
	for _, seed := range []string{"", "xxh128:0123456789abcdef0123456789abcdef crc64nvme:0123456789abcdef etag:e-2", "md5:zz", "etag:", "::: :"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		digests, _ := parseStated(text)
		again, _ := parseStated(formatStated(digests, ""))
		if len(digests) < len(preferred) && !maps.Equal(again, digests) {
			t.Errorf("%q: %v, then %v", text, digests, again)
		}
	})
}
