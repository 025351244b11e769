package mhl

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
)

func recorded(path, was, content, action string, formats ...string) File {
	f := File{Path: path, PreviousPath: was, Size: int64(len(content)), Digests: map[string]string{}, Action: action}
	for _, format := range formats {
		f.Digests[format] = digests(content)[format]
	}
	return f
}

func historyOf(generations ...[]File) *History {
	h := &History{}
	for i, files := range generations {
		h.Add(Generation{Files: files}, Link{Number: i + 1}, func(string) bool { return true })
	}
	return h
}

func TestJudge(t *testing.T) {
	one := recorded("a", "", "one", Original, "md5")
	cases := []struct {
		name    string
		history *History
		digests map[string]string
		renamed bool
		want    string
	}{
		{"a new file", historyOf(), recorded("a", "", "x", "", "md5", "sha1").Digests, false, "md5=original sha1=original"},
		{"the same", historyOf([]File{one}), recorded("a", "", "one", "", "md5").Digests, false, "md5=verified"},
		{"a new format beside one that agrees", historyOf([]File{one}), recorded("a", "", "one", "", "md5", "xxh128").Digests, false, "md5=verified xxh128=verified"},
		{"a new format beside one that differs", historyOf([]File{one}), recorded("a", "", "two", "", "md5", "xxh128").Digests, false, "md5=failed"},
		{"mended after a failure", historyOf([]File{one}, []File{recorded("a", "", "two", Failed, "md5")}), recorded("a", "", "one", "", "md5").Digests, false, "md5=verified"},
		{"under a new name", historyOf([]File{one}), recorded("a", "", "one", "", "md5").Digests, true, "md5=original"},
	}
	for _, c := range cases {
		keep, actions := c.history.File("a").Judge(c.digests, c.renamed)
		var got []string
		for _, f := range Formats() {
			if keep[f] != "" {
				got = append(got, f+"="+actions[f])
			}
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %v, want %s", c.name, got, c.want)
		}
	}
}

func TestAHistoryFollowsNames(t *testing.T) {
	h := historyOf(
		[]File{recorded("a", "", "A", Original, "md5"), recorded("b", "", "B", Original, "md5")},
		[]File{recorded("b", "a", "A", Original, "md5"), recorded("a", "b", "B", Original, "md5")}, // they change places
		[]File{recorded("c", "b", "A", Original, "md5")},
	)
	if got := fmt.Sprint(h.Files()); got != "[a c]" {
		t.Fatalf("files %s", got)
	}
	c := h.File("c")
	if !reflect.DeepEqual(c.Was, []string{"a", "b"}) || c.First["md5"].Generation != 1 || len(c.Entries) != 3 || c.Contradicts(digests("A")) != "" {
		t.Errorf("%+v", c)
	}
	if h.File("a").Contradicts(digests("B")) != "" || len(h.Doubts) > 0 {
		t.Errorf("a is %+v; doubts %v", h.File("a"), h.Doubts)
	}
}

func TestAHistoryThatContradictsItselfIsDoubted(t *testing.T) {
	h := historyOf([]File{recorded("a", "", "A", Original, "md5")}, []File{recorded("a", "", "B", Verified, "md5")})
	if len(h.Doubts) != 1 || h.File("a").Contradicts(digests("B")) == "" {
		t.Errorf("doubts %v", h.Doubts)
	}
}

// The format that other tools hold a file against: the one that is called original.
func TestOldest(t *testing.T) {
	h := historyOf([]File{recorded("a", "", "A", Original, "xxh64")}, []File{recorded("a", "", "A", Verified, "c4", "xxh64")})
	if got := h.File("a").Oldest(); got != "xxh64" {
		t.Errorf("oldest %s", got)
	}
	if got := fmt.Sprint(h.File("a").Wanted([]string{"md5"})); got != "[md5 xxh64]" {
		t.Errorf("wanted %s", got)
	}
	if got := fmt.Sprint(h.File("a").Wanted([]string{"c4", "md5"})); got != "[c4 md5]" {
		t.Errorf("wanted %s", got)
	}
}

// A nested history counts with its root hash, as if its files were here.
func TestNestedHistoriesHaveTheirPlaceInTheTree(t *testing.T) {
	all := card()
	_, whole := mustBuild(t, all)
	want := mustParse(t, whole).RootHash

	var inner, outer Generation = card(), card()
	inner.Root, inner.Files, inner.Directories = "Clips", nil, nil
	outer.Files, outer.Directories = nil, []Directory{{Path: "Empty", ModTime: noon}}
	for _, f := range all.Files {
		if rest, ok := strings.CutPrefix(f.Path, "Clips/"); ok {
			f.Path = rest
			inner.Files = append(inner.Files, f)
		} else {
			outer.Files = append(outer.Files, f)
		}
	}
	name, manifest := mustBuild(t, inner)
	outer.Directories = append(outer.Directories, Directory{Path: "Clips", Nested: true, Hash: mustParse(t, manifest).RootHash})
	outer.References = []Reference{{"Clips/ascmhl/" + name, C4(manifest)}}
	_, manifest = mustBuild(t, outer)
	got := mustParse(t, manifest)
	if !reflect.DeepEqual(got.RootHash, want) {
		t.Errorf("root hash %v, want that of the whole tree %v", got.RootHash, want)
	}
	if wrong, err := Check(got); wrong != nil || err != nil {
		t.Errorf("%v %v", wrong, err)
	}
	outer.Files = append(outer.Files, File{Path: "Clips/x", Digests: digests("x")})
	if _, _, err := Build(outer); err == nil || !strings.Contains(err.Error(), "nested at") {
		t.Errorf("a file of a nested history: %v", err)
	}
}
