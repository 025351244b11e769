package connectortest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"

	"gantry/connectors"
)

// awkward are names that real folders hold.
var awkward = []string{
	"a.txt", "a/b", "a-b", "a b", "a/b.c", "a/b c/d", "a0",
	"-rf", "--help", " leading", "trailing ", "dot.", ".hidden", ".config/in", "...",
	"100%", "%2F", "%zz", "a+b", "q?x=1", "h#1", "a&b", "a=b;c", "semi:colon", "at@host", "~tilde", "*", "[x]", "{y}", "<z>", "|",
	"quote's", `double"quote`, `back\slash`, "tab\there", "new\nline", "cr\rhere",
	"grün", "日本語/素材.mxf", "emoji🎬.mov", "cafe\u0301", "café", "\u202Eright-to-left", "CON", "nul.txt",
	"long/" + strings.Repeat("n", 240) + ".mxf",
	strings.Repeat("deep/", 30) + "clip",
	"not-utf8-\xff\xfe",
}

func testAwkwardNames(t *testing.T, s *stand) {
	var want []string
	for _, name := range awkward {
		_, err := upload(s.ctx, s.place, name, []byte(name), s.part, connectors.UploadOptions{Size: int64(len(name))})
		if connectors.KindOf(err) == connectors.KindInvalid {
			t.Logf("the place refuses %q: %v", name, err)
			continue
		}
		if err != nil {
			t.Fatalf("upload %q: %v", name, err)
		}
		want = append(want, name)
	}
	slices.Sort(want)
	s.lists("", want...)
	for _, name := range want {
		s.holds(name, []byte(name))
		s.lists(name, name)
	}
	for _, name := range want {
		if err := s.place.Remove(s.ctx, name); err != nil {
			t.Errorf("remove %q: %v", name, err)
		}
	}
	s.lists("")
}

func testPrefix(_ *testing.T, s *stand) {
	for _, name := range []string{"day/1.mxf", "day/2/a.mxf", "day/2.mxf", "day/20/b.mxf", "day.txt", "days/3.mxf", "eve"} {
		s.put(name, []byte(name))
	}
	s.lists("", "day.txt", "day/1.mxf", "day/2.mxf", "day/2/a.mxf", "day/20/b.mxf", "days/3.mxf", "eve")
	s.lists("day", "day/1.mxf", "day/2.mxf", "day/2/a.mxf", "day/20/b.mxf")
	s.lists("day/2", "day/2/a.mxf")
	s.lists("day/2.mxf", "day/2.mxf")
	s.lists("eve", "eve")
	s.lists("da")
	s.lists("none")
	s.lists("none/at/all")
	s.lists("eve/below")
}

// testMany lists more than any page holds, stops early, and is cancelled.
func testMany(t *testing.T, s *stand) {
	const count = 1200
	var want []string
	group, ctx := errgroup.WithContext(s.ctx)
	group.SetLimit(16)
	for i := range count {
		path := fmt.Sprintf("reel/%d.dpx", i)
		want = append(want, path)
		group.Go(func() error {
			_, err := upload(ctx, s.place, path, nil, s.part, connectors.UploadOptions{})
			return err
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	slices.Sort(want)
	s.lists("", want...)
	s.lists("reel", want...)

	seen := 0
	for _, err := range s.place.List(s.ctx, "") {
		if err != nil {
			t.Fatal(err)
		}
		if seen++; seen == 3 {
			break
		}
	}

	ctx, cancel := context.WithCancel(s.ctx)
	defer cancel()
	err := s.promptly("list", func() error {
		for _, err := range s.place.List(ctx, "") {
			if err != nil {
				return err
			}
			cancel()
		}
		return nil
	})
	s.fails("list, cancelled in the middle", err, connectors.KindCanceled)
}
