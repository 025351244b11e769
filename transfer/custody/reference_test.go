package custody

import (
	"os"
	"path/filepath"
	"testing"
)

// TestReferenceHistories: histories that the reference implementation made, after a change. The numbers are the exit codes of its verify and its diff,
// by the findings that stand for them.
func TestReferenceHistories(t *testing.T) {
	cases := []struct {
		folder, name string
		change       func(s *stand)
		verify, diff int
	}{
		{"plain", "nothing", func(*stand) {}, 0, 0},
		{"plain", "altered", func(s *stand) { s.write("Clips/A001C009.mov=ONE") }, 11, 0},
		{"plain", "missing", func(s *stand) { s.remove("notes.txt") }, 10, 10},
		{"plain", "new", func(s *stand) { s.write("x.mov=x") }, 21, 21},
		{"plain", "new and missing", func(s *stand) { s.remove("notes.txt"); s.write("x.mov=x") }, 21, 10},
		{"plain", "altered and new", func(s *stand) { s.write("Clips/A001C009.mov=ONE", "x.mov=x") }, 11, 21},
		{"plain", "renamed", func(s *stand) { s.rename("notes.txt", "n.txt") }, 21, 10},
		{"plain", "ignored", func(s *stand) { s.write("x.tmp=x") }, 0, 0},
		{"plain", "no history", func(s *stand) { s.remove("ascmhl") }, 30, 30},
		{"plain", "no chain", func(s *stand) { s.remove("ascmhl/ascmhl_chain.xml") }, 32, 32},
		{"plain", "manifest altered", func(s *stand) { s.write(name(s, "ascmhl/0001_*") + "=<hashlist/>") }, 31, 31},
		{"plain", "manifest missing", func(s *stand) { s.remove("ascmhl/0002_*") }, 33, 33},
		{"plain", "folder missing", func(s *stand) { s.remove("Audio") }, 10, 10},
		{"nested", "nothing", func(*stand) {}, 0, 0},
		{"nested", "altered", func(s *stand) { s.write("A001/Clips/c.mov=ONE") }, 11, 0},
		{"nested", "new", func(s *stand) { s.write("A001/x.mov=x") }, 21, 21},
		{"nested", "missing", func(s *stand) { s.remove("A001/n.txt") }, 10, 10},
		{"nested", "manifest altered", func(s *stand) { s.write(name(s, "A001/Clips/ascmhl/0001_*") + "=x") }, 31, 31},
		{"nested", "no chain", func(s *stand) { s.remove("A001/Clips/ascmhl/ascmhl_chain.xml") }, 32, 32},
		{"nested", "manifest missing", func(s *stand) { s.remove("A001/ascmhl/0002_*") }, 33, 33},
		{"nested", "history gone", func(s *stand) { s.remove("A001/ascmhl") }, 21, 21},
		{"nested", "folder gone", func(s *stand) { s.remove("A001") }, 10, 10},
	}
	for _, c := range cases {
		t.Run(c.folder+" "+c.name, func(t *testing.T) {
			t.Parallel()
			s := copied(t, filepath.Join("reference", c.folder))
			c.change(s)
			r, err := Verify(t.Context(), s.Place, "", VerifyOptions{})
			if got := code(r, err, Changed, New, Missing, MissingFolder); got != c.verify {
				t.Errorf("verify: %d, want %d: %v %s", got, c.verify, err, says(r))
			}
			r, err = Verify(t.Context(), s.Place, "", VerifyOptions{Quick: true})
			if got := code(r, err, Changed, Missing, MissingFolder, New); got != c.diff {
				t.Errorf("diff: %d, want %d: %v %s", got, c.diff, err, says(r))
			}
		})
	}
}

// code is the reference implementation's exit code, of several findings that of the first kind.
func code(r *Report, err error, kinds ...Kind) int {
	if err != nil {
		return map[Fault]int{NoHistory: 30, Altered: 31, NoChain: 32, NoManifest: 33}[FaultOf(err)]
	}
	for _, k := range kinds {
		if r.Has(k) {
			return map[Kind]int{Changed: 11, New: 21, Missing: 10, MissingFolder: 10}[k]
		}
	}
	return 0
}

func name(s *stand, pattern string) string {
	found, _ := filepath.Glob(filepath.Join(s.dir, pattern))
	rel, err := filepath.Rel(s.dir, found[0])
	if err != nil {
		s.t.Fatal(err)
	}
	return filepath.ToSlash(rel)
}

func TestReferenceFolderHashes(t *testing.T) {
	t.Parallel()
	s := copied(t, "reference/nested")
	r, sums, err := VerifyFolders(t.Context(), s.Place, "", FolderOptions{})
	if err != nil || len(r.Findings) > 0 || len(sums) != 4 {
		t.Fatalf("%v, %v: %s", sums, err, says(r))
	}
	s.rename("A002/c.mov", "A002/d.mov")
	r, _, err = VerifyFolders(t.Context(), s.Place, "", FolderOptions{})
	if got := says(r); err != nil || got != "folder ., folder A002" {
		t.Errorf("%s, %v", got, err)
	}
}

func TestReferencePackingList(t *testing.T) {
	t.Parallel()
	s := copied(t, "reference/plain")
	s.rename("Clips/A001C009.mov", "Clips/A001C001.mov") // the tool lists a renamed file under both names
	lists, _ := filepath.Glob("testdata/reference/list/*")
	list, err := os.ReadFile(lists[0])
	if err != nil {
		t.Fatal(err)
	}
	r, err := Verify(t.Context(), s.Place, "", VerifyOptions{PackingList: list})
	if got := says(r); err != nil || got != "missing Clips/A001C009.mov" {
		t.Errorf("%s, %v", got, err)
	}
}

// Generations of ours continue those of the reference implementation.
func TestReferenceHistoriesGoOn(t *testing.T) {
	t.Parallel()
	s := copied(t, "reference/nested")
	r := s.create()
	if r.Verified != 4 || len(r.Written) != 3 || r.Written[0].Number != 3 || r.Written[2].Number != 4 || len(r.Findings) > 0 {
		t.Errorf("%+v", r)
	}
	if got := says(s.verify()); got != "" {
		t.Error(got)
	}
}
