package journal

import (
	"fmt"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// A page whose number is far from the others' costs as much as any other, and what is
// written after it is found again.
func TestAPageFarFromTheOthersCostsNothing(t *testing.T) {
	dir := t.TempDir()
	j := open(t, dir)
	must(t, j.FinishAtOnce("before", "receipt before"))
	must(t, j.Close())
	b, err := openBriefs(filepath.Join(dir, "briefs"), slog.New(slog.DiscardHandler))
	must(t, err)
	first := b.name(1)
	must(t, b.close())
	data, err := os.ReadFile(first)
	must(t, err)
	far := filepath.Join(filepath.Dir(first), "4000000000.briefs")
	must(t, os.WriteFile(far, data, 0o600))

	j = open(t, dir)
	if n := len(j.briefs.pages); n != 2 {
		t.Fatalf("there are %d pages", n)
	}
	must(t, j.FinishAtOnce("after", "receipt after"))
	j = reopen(t, j)
	if got := receiptsIn(t, j); len(got) != 2 || got[`"receipt before"`] != 1 || got[`"receipt after"`] != 1 {
		t.Errorf("the receipts are %v", got)
	}
	if r, err := j.Record("before"); err != nil || string(r.Receipt) != `"receipt before"` {
		t.Errorf("it is %s, %v", r.Receipt, err)
	}
}

// Only files with names that pages get are pages.
func TestOnlyNamesOfPagesArePages(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{
		"7.briefs", "00000007.briefs", "000000007.briefs", "+0000008.briefs", "00000000.briefs", "4294967295.briefs", "4294967296.briefs",
		"100000000.briefs", "0100000000.briefs", "00000009", "00000009.briefs.damaged", "0000000a.briefs", ".briefs",
	} {
		must(t, os.WriteFile(filepath.Join(dir, name), nil, 0o600))
	}
	got, err := pagesIn(dir)
	must(t, err)
	if want := []uint32{7, 100000000, math.MaxUint32}; !slices.Equal(got, want) {
		t.Errorf("they are %d; want %d", got, want)
	}
	b, err := openBriefs(dir, slog.New(slog.DiscardHandler))
	must(t, err)
	defer func() { must(t, b.close()) }()
	b.pages[len(b.pages)-1].ended = true
	if p, err := b.current(); err == nil {
		t.Error(fmt.Sprint("after the last number comes ", p.number))
	}
}
