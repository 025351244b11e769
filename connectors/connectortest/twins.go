package connectortest

import (
	"testing"

	"gantry/connectors"
)

// twins are pairs of names that a careless place takes for one.
var twins = [][2]string{
	{"caf\u00e9", "cafe\u0301"},
	{"clip.MOV", "clip.mov"},
	{"trailing", "trailing "},
	{"leading", " leading"},
	{"dot", "dot."},
	{"a b", "a%20b"},
	{"a b", "a+b"},
	{"q", "q?x=1"},
	{"h", "h#1"},
	{"s", "s;type=i"},
	{"per%cent", "per%25cent"},
	{"star1", "star*"},
	{"back/slash", `back\slash`},
	{"line", "line\n"},
	{"line", "line\r"},
	{"cr", "c\rr"},
	{"tab", "tab\t"},
	{"gr\u00fcn", "gr\xfcn"},
	{"\u00c3\u00bc", "\u00fc"},
	{`quoted"name`, `quoted""name`},
	{"\u212b", "\u00c5"},
	{"x", "-x"},
	{"home", "~/home"},
	{"stra\u00dfe", "strasse"},
}

// testTwins sends a pair of names: both are kept apart, or the second one is
// refused and the first one stays as it was.
func testTwins(t *testing.T, s *stand) {
	traits := s.place.Traits()
	kinds := []connectors.Kind{connectors.KindInvalid, connectors.KindUnsupported}
	if traits.FoldsCase || traits.FoldsUnicode {
		kinds = append(kinds, connectors.KindExists)
	}
	for _, pair := range twins {
		var there []string
		for _, name := range pair {
			_, err := upload(s.ctx, s.place, name, []byte("of "+name), s.part, connectors.UploadOptions{Size: int64(len("of " + name))})
			if err != nil {
				s.fails("upload "+name, err, kinds...)
				continue
			}
			there = append(there, name)
		}
		if len(there) == 0 {
			t.Errorf("both of %q are refused", pair)
		}
		if _, got := s.list(""); len(got) != len(there) {
			t.Errorf("of %q it lists %q; want %q", pair, got, there)
		}
		for _, name := range there {
			s.holds(name, []byte("of "+name))
		}
		for _, name := range there {
			if err := s.place.Remove(s.ctx, name); err != nil {
				t.Fatalf("remove %q: %v", name, err)
			}
		}
	}
	s.lists("")
}
