package connectortest

import (
	"bytes"
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
	"-rf", "--help", "-", " leading", "trailing ", "  ", "dot.", ".hidden", ".config/in", "...", "..a", "a..", "~root",
	"100%", "%2F", "%zz", "%", "a+b", "q?x=1", "h#1", "a&b", "a=b;c", ";type=i", "semi:colon", "c:", "at@host", "~tilde", "*", "[x]", "{y}", "<z>", "|", "$HOME", "`id`", "!",
	"quote's", `double"quote`, `""`, `back\slash`, `\`, "tab\there", "new\nline", "cr\rhere", "cr\r\nlf", "\x01bell\x07", "\x7f", "\xff",
	"grün", "日本語/素材.mxf", "emoji🎬.mov", "\u202Eright-to-left", "\ufeffbom", "CON", "nul.txt", "com1", "aux.", "lost+found", "type=file;size=3; x",
	"long/" + strings.Repeat("n", 255), strings.Repeat("é", 127),
	strings.Repeat("deep/", 60) + "clip", "not-utf8-\xff\xfe",
}

// testNames sends each name through every call. A name is kept exactly, or
// refused with a reason.
func testNames(t *testing.T, s *stand) {
	kept := make([]bool, len(awkward))
	s.each(len(awkward), func(ctx context.Context, i int) (err error) {
		kept[i], err = s.keeps(ctx, awkward[i])
		return err
	})
	var want []string
	for i, name := range awkward {
		if kept[i] {
			want = append(want, name)
		} else {
			t.Logf("the place refuses %q", name)
		}
	}
	slices.Sort(want)
	s.lists("", want...)
	s.each(len(want), func(ctx context.Context, i int) error { return s.useAndRemove(ctx, want[i]) })
	s.lists("")
}

// each calls f for 0 to n-1, some at once, and fails with each error.
func (s *stand) each(n int, f func(ctx context.Context, i int) error) {
	s.t.Helper()
	var group errgroup.Group
	group.SetLimit(8)
	errs := make([]error, n)
	for i := range n {
		group.Go(func() error { errs[i] = f(s.ctx, i); return nil })
	}
	_ = group.Wait()
	for _, err := range errs {
		if err != nil {
			s.t.Error(err)
		}
	}
	if s.t.Failed() {
		s.t.FailNow()
	}
}

// keeps uploads to a name twice; false if the place refuses it. One that is taken
// and then not replaced is left as it was.
func (s *stand) keeps(ctx context.Context, name string) (bool, error) {
	old := content("an old one, which is longer", 2000)
	for i, data := range [][]byte{old, []byte("of " + name)} {
		entry, err := upload(ctx, s.place, name, data, s.part, connectors.UploadOptions{Size: int64(len(data))})
		if refused(err) && i == 0 {
			return false, nil
		}
		if refused(err) {
			got, err := drain(s.place.Open(ctx, name, 0, -1))
			if err != nil || !bytes.Equal(got, old) {
				return false, fmt.Errorf("%q was not to be replaced, and holds %d other bytes, %w", name, len(got), err)
			}
			return false, s.place.Remove(ctx, name)
		}
		if err != nil {
			return false, fmt.Errorf("upload %q: %w", name, err)
		}
		if entry.Path != name {
			return false, fmt.Errorf("commit of %q calls it %q", name, entry.Path)
		}
	}
	return true, nil
}

func refused(err error) bool {
	kind := connectors.KindOf(err)
	return kind == connectors.KindInvalid || kind == connectors.KindUnsupported
}

func (s *stand) useAndRemove(ctx context.Context, name string) error {
	data := []byte("of " + name)
	entry, err := s.place.Stat(ctx, name)
	if err != nil || entry.Path != name || entry.Size != int64(len(data)) {
		return fmt.Errorf("stat %q = %q, %d bytes, %w", name, entry.Path, entry.Size, err)
	}
	if got, err := drain(s.place.Open(ctx, name, 0, -1)); err != nil || !bytes.Equal(got, data) {
		return fmt.Errorf("read %q: %q, %w", name, got, err)
	}
	for entry, err := range s.place.List(ctx, name) {
		if err != nil || entry.Path != name {
			return fmt.Errorf("list %q: %q, %w", name, entry.Path, err)
		}
	}
	if renamer, ok := connectors.As[connectors.Renamer](s.place); ok {
		plain := fmt.Sprintf("renamed-%x", name[max(0, len(name)-40):])
		for _, move := range [][2]string{{name, plain}, {plain, name}} {
			if err := renamer.Rename(ctx, move[0], move[1]); err != nil {
				return fmt.Errorf("rename %q to %q: %w", move[0], move[1], err)
			}
		}
	}
	if err := s.place.Remove(ctx, name); err != nil {
		return fmt.Errorf("remove %q: %w", name, err)
	}
	return nil
}

// testTooLong is refused, or kept in full.
func testTooLong(t *testing.T, s *stand) {
	for _, name := range []string{strings.Repeat("n", 256), "dir/" + strings.Repeat("n", 1500), strings.Repeat("d", 300) + "/clip"} {
		_, err := upload(s.ctx, s.place, name, []byte("x"), s.part, connectors.UploadOptions{Size: 1})
		if err == nil {
			s.lists("", name)
			s.holds(name, []byte("x"))
			if err := s.place.Remove(s.ctx, name); err != nil {
				t.Fatalf("remove: %v", err)
			}
			continue
		}
		s.fails(fmt.Sprintf("upload to a name of %d bytes", len(name)), err, connectors.KindInvalid, connectors.KindUnsupported)
		s.lists("")
	}
}
