package custody

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gantry/connectors"
	"gantry/transfer/manifest/mhl"
)

func TestGenerationsRecordWhatIsFound(t *testing.T) {
	t.Parallel()
	s := newStand(t, "Clips/a.mov=one", "Clips/b.mov=two", "notes.txt=")
	if r := s.create(); r.Original != 3 || says(r) != "" || r.Written[0].Path != "ascmhl/0001_A001_2026-05-01_120001Z.mhl" {
		t.Fatalf("%+v", r)
	}
	s.write("Clips/a.mov=ONE", "c.mov=three")
	s.remove("notes.txt")
	if r := s.create(); says(r) != "changed Clips/a.mov, missing notes.txt" || r.Verified != 1 || r.Original != 1 {
		t.Errorf("%+v", r)
	}
	for _, want := range []string{`<xxh128 action="failed"`, `<xxh128 action="verified"`, `<xxh128 action="original"`} {
		if !strings.Contains(s.manifest("."), want) {
			t.Errorf("no %s in\n%s", want, s.manifest("."))
		}
	}
	if got := says(s.verify()); got != "changed Clips/a.mov, missing notes.txt" {
		t.Error(got)
	}
	s.write("Clips/a.mov=one", "notes.txt=")
	if got := says(s.create(func(o *CreateOptions) { o.Formats = []string{"md5", "c4"} })); got != "" {
		t.Error(got)
	}
	if m := s.manifest("."); strings.Count(m, "<md5 action=\"verified\"") != 4 || strings.Count(m, "<xxh128 action=\"verified\"") != 4 {
		t.Errorf("a new digest stands without one that is known:\n%s", m)
	}
	if got := says(s.verify()); got != "" {
		t.Error(got)
	}
}

func TestARehearsalWritesNothing(t *testing.T) {
	t.Parallel()
	s := newStand(t, "a=1")
	before := s.tree()
	if r := s.create(func(o *CreateOptions) { o.DryRun = true }); len(r.Written) != 1 || !maps.Equal(before, s.tree()) {
		t.Errorf("%+v, %v", r, s.tree())
	}
}

func TestRenamesAreFollowed(t *testing.T) {
	t.Parallel()
	s := newStand(t, "A/x.mov=one", "A/y.mov=two", "same1=s", "same2=s")
	s.create(func(o *CreateOptions) { o.Formats = []string{"md5"} })
	s.rename("A", "B")
	s.rename("B/y.mov", "B/z.mov")
	s.rename("same2", "same3")
	detect := func(o *CreateOptions) { o.DetectRenames = true }
	if got := says(s.create(detect)); got != "renamed B/x.mov, renamed B/z.mov, renamed same3" {
		t.Fatal(got)
	}
	for _, want := range []string{"<previousPath>A</previousPath>", "<previousPath>A/y.mov</previousPath>", "<previousPath>same2</previousPath>"} {
		if !strings.Contains(s.manifest("."), want) {
			t.Errorf("no %s in\n%s", want, s.manifest("."))
		}
	}
	if got := says(s.verify()); got != "" {
		t.Error(got)
	}
	s.rename("B/z.mov", "last.mov")
	if got := says(s.create(detect)); got != "renamed last.mov" {
		t.Error(got)
	}
	s.write("last.mov=TWO")
	if got := says(s.verify()); got != "changed last.mov" {
		t.Error(got)
	}
}

// Some file systems hand out names in another Unicode form than they were given.
func TestTheOtherUnicodeFormOfANameIsTheSameFile(t *testing.T) {
	t.Parallel()
	s := newStand(t, "Gr\u00fc\u00dfe/\u00e9.mov=one")
	s.create()
	s.rename("Gr\u00fc\u00dfe", "Gru\u0308\u00dfe")
	s.rename("Gru\u0308\u00dfe/\u00e9.mov", "Gru\u0308\u00dfe/e\u0301.mov")
	if r := s.verify(); says(r) != "" || len(r.Notes) != 1 {
		t.Errorf("%s, notes %v", says(r), r.Notes)
	}
	if got := says(s.create()); got != "renamed Gru\u0308\u00dfe/e\u0301.mov" {
		t.Error(got)
	}
	if r := s.verify(); says(r) != "" || len(r.Notes) != 0 {
		t.Errorf("%s, notes %v", says(r), r.Notes)
	}
	s.write("Gru\u0308\u00dfe/e\u0301.mov=two")
	if got := says(s.create()); got != "changed Gru\u0308\u00dfe/e\u0301.mov" {
		t.Error(got)
	}
}

func TestNamesThatNoManifestHoldsAreRefusedAllAtOnce(t *testing.T) {
	t.Parallel()
	s := newStand(t, "good=1", "bell\a=2", "Day\x01/x=3", "latin\xff=4")
	_, err := Create(t.Context(), s.Place, "", s.options())
	if connectors.KindOf(err) != connectors.KindInvalid {
		t.Fatal(err)
	}
	for _, want := range []string{`"bell\a"`, `"Day\x01/x"`, `"latin\xff"`, "U+0007", "not UTF-8", "--ignore"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no %s in %v", want, err)
		}
	}
	if _, err := os.Stat(filepath.Join(s.dir, "ascmhl")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("something was written: %v", err)
	}
	s.remove("Day\x01")
	if r := s.create(func(o *CreateOptions) { o.Ignore = []string{"bell?", "latin*"} }); r.Original != 1 {
		t.Errorf("%+v", r)
	}
}

func TestSingleFiles(t *testing.T) {
	t.Parallel()
	s := newStand(t, "a/x=1", "a/y=2", "b/z=3")
	only := func(paths ...string) func(*CreateOptions) { return func(o *CreateOptions) { o.Only = paths } }
	if r := s.create(only("a/x", "b")); r.Files != 2 || r.Original != 2 || strings.Contains(s.manifest("."), "directoryhash") {
		t.Errorf("%+v\n%s", r, s.manifest("."))
	}
	if got := says(s.verify()); got != "new a/y" {
		t.Error(got)
	}
	o := s.options()
	o.Only = []string{"none"}
	if _, err := Create(t.Context(), s.Place, "", o); connectors.KindOf(err) != connectors.KindNotFound {
		t.Error(err)
	}
}

func TestPatternsAreCarriedOn(t *testing.T) {
	t.Parallel()
	s := newStand(t, "a=1", "b.tmp=2", "Proxies/p=3")
	s.create(func(o *CreateOptions) { o.Ignore = []string{"*.tmp", "Proxies/"} })
	s.write("c.tmp=4", "Proxies/q=5")
	if r := s.create(func(o *CreateOptions) { o.Ignore = []string{"*.bak"} }); r.Files != 1 || says(r) != "" {
		t.Errorf("%+v", r)
	}
	h, err := Read(t.Context(), s.Place, "", nil)
	if err != nil || fmt.Sprint(h.Ignore()) != "[.DS_Store ascmhl ascmhl/ *.tmp Proxies/ *.bak]" {
		t.Errorf("%v %v", h.Ignore(), err)
	}
}

func TestNestedHistoriesGetGenerationsOfTheirOwn(t *testing.T) {
	t.Parallel()
	s := newStand(t, "A/x=1", "A/In/y=2", "B/z=3", "top=4")
	in := func(folder string) {
		t.Helper()
		if _, err := Create(t.Context(), s.Place, folder, s.options()); err != nil {
			t.Fatal(err)
		}
	}
	in("A/In")
	in("A")
	r := s.create()
	want := ". 1 2, A 2 1, A/In 3 1, "
	got := ""
	for _, w := range r.Written {
		got += fmt.Sprintf("%s %d %d, ", w.Folder, w.Number, w.Files)
	}
	if got != want {
		t.Fatalf("%s, want %s", got, want)
	}
	if !strings.Contains(s.manifest("."), "<path>A/ascmhl/0002_A_") || strings.Contains(s.manifest("."), "A/In") {
		t.Errorf("references:\n%s", s.manifest("."))
	}
	r, sums, err := VerifyFolders(t.Context(), s.Place, "", FolderOptions{})
	if err != nil || says(r) != "" || len(sums) != 4 {
		t.Errorf("%s %v %v", says(r), sums, err)
	}
	s.write("A/In/y=TWO")
	if got := says(s.verify()); got != "changed A/In/y" {
		t.Error(got)
	}
	s.write("A/In/y=2")
	if r := s.create(func(o *CreateOptions) { o.Only = []string{"A/In/y"} }); len(r.Written) != 3 {
		t.Errorf("%+v", r.Written)
	}
	if got := says(s.verify()); got != "" {
		t.Error(got)
	}
	s.remove("A/ascmhl")
	if got := says(s.create()); got != "lost history A" {
		t.Error(got)
	}
}

func TestFlatten(t *testing.T) {
	t.Parallel()
	s := newStand(t, "A/x=1", "top=4")
	if _, err := Create(t.Context(), s.Place, "A", s.options()); err != nil {
		t.Fatal(err)
	}
	s.create()
	s.write("top=bad")
	s.create(func(o *CreateOptions) { o.Formats = []string{"xxh128"} })
	s.write("top=4")
	s.create(func(o *CreateOptions) { o.Formats = []string{"sha1"} })
	to := newStand(t, "x=")
	for n := 1; n <= 2; n++ {
		r, err := Flatten(t.Context(), s.Place, "", to.Place, "lists", FlattenOptions{Maker: s.options().Maker, Now: s.now})
		if err != nil || r.Files != 2 {
			t.Fatalf("%+v %v", r, err)
		}
		list := to.tree()[r.Written[0].Path]
		if strings.Contains(list, "failed") || strings.Count(list, "<sha1") != 2 || strings.Count(list, "<xxh128") != 2 || !strings.Contains(list, ">A/x<") {
			t.Errorf("packing list:\n%s", list)
		}
		if got := strings.Count(to.tree()["lists/collection_2026-05-01/"+mhl.CollectionFile], "<hashlist "); got != n {
			t.Errorf("%d packing lists are pinned, want %d", got, n)
		}
		v, err := Verify(t.Context(), s.Place, "", VerifyOptions{PackingList: []byte(list)})
		if err != nil || says(v) != "" || v.Verified != 2 {
			t.Errorf("%+v %v", v, err)
		}
	}
}

func TestAFileThatIsStillWrittenIsRefused(t *testing.T) {
	t.Parallel()
	s := newStand(t, "a=1", "b=22")
	place := growing{Place: s.Place}
	_, err := Create(t.Context(), place, "", s.options())
	if err == nil || !strings.Contains(err.Error(), "still being written") || strings.Count(err.Error(), "bytes now") != 2 {
		t.Error(err)
	}
}
