package mhl

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"gantry/transfer/digest"
)

var update = flag.Bool("update", false, "write the golden files anew")

var noon = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

func digests(content string) map[string]string {
	d := map[string]string{}
	for _, f := range formats {
		d[f.name] = f.hash([]byte(content))
	}
	return d
}

// card is the folder that the reference implementation's history in testdata was made over.
func card() Generation {
	file := func(path, content string) File {
		return File{Path: path, Size: int64(len(content)), ModTime: noon, Digests: digests(content)}
	}
	return Generation{
		Root: "A001", Number: 1, Created: noon.Add(90 * time.Minute), Process: Transfer,
		Host: "venue-1", Tool: "gantry", ToolVersion: "1.0",
		Files: []File{
			file("notes.txt", ""),
			file("Clips/A001C001.mov", "one"),
			file("Clips/A001C002.mov", "two"),
			file("Clips/Day2/Grüße & <more>.mov", "one"),
			file("Clips/.DS_Store", "x"),
		},
		Directories: []Directory{{Path: "Empty", ModTime: noon}, {Path: "Clips", ModTime: noon}, {Path: "Clips/Day2", ModTime: noon}},
	}
}

func mustBuild(t *testing.T, g Generation) (string, []byte) {
	t.Helper()
	name, manifest, err := Build(g)
	if err != nil {
		t.Fatal(err)
	}
	return name, manifest
}

func mustParse(t *testing.T, manifest []byte) Generation {
	t.Helper()
	g, err := Parse(bytes.NewReader(manifest))
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func reference(t *testing.T) (name string, manifest, chain []byte) {
	t.Helper()
	found, err := filepath.Glob("testdata/reference/*.mhl")
	if err != nil || len(found) != 1 {
		t.Fatal(found, err)
	}
	manifest, err = os.ReadFile(found[0])
	if err != nil {
		t.Fatal(err)
	}
	chain, err = os.ReadFile("testdata/reference/" + ChainFile)
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Base(found[0]), manifest, chain
}

func TestGolden(t *testing.T) {
	second := card()
	second.Number, second.Process, second.Created = 2, InPlace, noon.Add(48*time.Hour)
	second.Authors = []Author{{"Jo Doe", "jo@example.org", "+49 30 1", "DIT"}, {Name: "A & B"}}
	second.Location, second.Comment = "OB van 3", "after <lunch>"
	second.Ignore = []string{"*.tmp", ".DS_Store"}
	second.References = []Reference{{"Clips/Day3/ascmhl/0001_Day3_2026-05-01_120000Z.mhl", C4([]byte("day 3"))}}
	for i := range second.Files {
		second.Files[i].Action, second.Files[i].HashDate = Verified, noon.Add(47*time.Hour)
		second.Files[i].Digests = map[string]string{"xxh128": second.Files[i].Digests["xxh128"], "crc64nvme": "0011223344556677"}
	}
	second.Files[0].Action, second.Files[1].PreviousPath = Failed, "Clips/unnamed.mov"

	var chain []byte
	for _, g := range []Generation{card(), second} {
		name, manifest := mustBuild(t, g)
		golden(t, name, manifest)
		var err error
		if chain, err = Chain(chain, name, manifest); err != nil {
			t.Fatal(err)
		}
	}
	golden(t, ChainFile, chain)
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", "golden", name)
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs from the golden file (go test -update writes it anew):\n%s", name, got)
	}
}

// TestReferenceImplementation: the same folder gives the same directory hashes as the reference implementation gave it, in all six formats.
func TestReferenceImplementation(t *testing.T) {
	name, manifest, chain := reference(t)
	theirs := mustParse(t, manifest)
	if wrong, err := Check(theirs); err != nil || wrong != nil {
		t.Errorf("Check: %v %v", wrong, err)
	}
	_, ours := mustBuild(t, card())
	mine := mustParse(t, ours)
	if !reflect.DeepEqual(mine.RootHash, theirs.RootHash) {
		t.Errorf("root hash: %v, want %v", mine.RootHash, theirs.RootHash)
	}
	want := map[string]DirectoryHash{}
	for _, d := range theirs.Directories {
		want[d.Path] = d.Hash
	}
	if len(mine.Directories) != len(want) {
		t.Errorf("%d directories, want %d", len(mine.Directories), len(want))
	}
	for _, d := range mine.Directories {
		if !reflect.DeepEqual(d.Hash, want[d.Path]) {
			t.Errorf("%s: %v, want %v", d.Path, d.Hash, want[d.Path])
		}
	}
	var h History
	h.Add(theirs, Link{Number: 1}, nil)
	for _, f := range card().Files {
		r := h.File(f.Path)
		if ignoredByDefault(f.Path) != (r == nil) {
			t.Errorf("%s: %v", f.Path, r)
		} else if r != nil && r.Contradicts(f.Digests) != "" {
			t.Error(r.Contradicts(f.Digests))
		}
	}
	made, err := Chain(nil, name, manifest)
	if err != nil || !bytes.Equal(bytes.TrimSpace(made), bytes.TrimSpace(chain)) {
		t.Errorf("chain: %v\n%s\nwant\n%s", err, made, chain)
	}
}

func TestC4(t *testing.T) {
	// The ID of nothing, from SMPTE ST 2114.
	if got, want := C4(nil), "c459dsjfscH38cYeXXYogktxf4Cd9ibshE3BHUo6a58hBXmRQdZrAkZzsWcbWtDg5oQstpDuni4Hirj75GEmTc1sFT"; got != want {
		t.Errorf("C4(nil) = %s, want %s", got, want)
	}
	rapid.Check(t, func(t *rapid.T) {
		sum := rapid.SliceOfN(rapid.Byte(), 64, 64).Draw(t, "sum")
		if rapid.Bool().Draw(t, "small") {
			clear(sum[:60])
		}
		id := digest.EncodeC4(sum)
		back, err := digest.DecodeC4(id)
		if len(id) != 90 || err != nil || !bytes.Equal(back, sum) {
			t.Fatalf("%x -> %s -> %x, %v", sum, id, back, err)
		}
	})
	for _, bad := range []string{"", "c4", "c5" + strings.Repeat("1", 88), "c4" + strings.Repeat("0", 88), "c4" + strings.Repeat("z", 88)} {
		if _, err := digest.DecodeC4(bad); err == nil {
			t.Errorf("%q passed as a C4 ID", bad)
		}
	}
}

func TestBuildIsRefused(t *testing.T) {
	cases := []struct {
		want  string
		spoil func(*Generation)
	}{
		{"generation 0", func(g *Generation) { g.Number = 0 }},
		{"not the name of a folder", func(g *Generation) { g.Root = "a/b" }},
		{"too long", func(g *Generation) { g.Root = strings.Repeat("n", 240) }},
		{"set Created", func(g *Generation) { g.Created = time.Time{} }},
		{"not transfer, in-place", func(g *Generation) { g.Process = "copy" }},
		{"set Tool", func(g *Generation) { g.Tool = "" }},
		{"not an e-mail address", func(g *Generation) { g.Authors = []Author{{Email: "jo"}} }},
		{"cannot be written in XML", func(g *Generation) { g.Comment = "\x00" }},
		{"not UTF-8; rename", func(g *Generation) { g.Files[0].Path = "\xff.mov" }},
		{"U+0007", func(g *Generation) { g.Files[0].Path = "bell\a.mov" }},
		{"not relative", func(g *Generation) { g.Files[0].Path = "../up.mov" }},
		{"not relative", func(g *Generation) { g.Files[0].Path = "/etc/passwd" }},
		{"not relative", func(g *Generation) { g.Files[0].Path = "a//b" }},
		{"not relative", func(g *Generation) { g.Files[0].PreviousPath = ".." }},
		{"4097 bytes", func(g *Generation) { g.Files[0].Path = strings.Repeat("d/", 2048) + "f" }},
		{"given twice", func(g *Generation) { g.Files[0].Path = g.Files[1].Path }},
		{"both a file and a directory", func(g *Generation) { g.Files[0].Path = "Clips" }},
		{"both a file and a directory", func(g *Generation) { g.Files[0].Path = "Empty" }},
		{"hash it with xxh128", func(g *Generation) { g.Files[0].Digests = map[string]string{"sha256": strings.Repeat("0", 64)} }},
		{"32 digits of lower-case hex", func(g *Generation) { g.Files[0].Digests["md5"] = strings.Repeat("A", 32) }},
		{"in common", func(g *Generation) {
			g.Files[0].Digests = map[string]string{"md5": digests("")["md5"]}
			g.Files[1].Digests = map[string]string{"sha1": digests("")["sha1"]}
		}},
		{"not original, verified", func(g *Generation) { g.Files[0].Action = "new" }},
		{"not a C4 ID", func(g *Generation) { g.References = []Reference{{"a.mhl", "x"}} }},
	}
	for _, c := range cases {
		g := card()
		c.spoil(&g)
		if _, _, err := Build(g); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want one with %q", err, c.want)
		}
	}
}

func TestDirectoryHashesTakeTheSharedFormats(t *testing.T) {
	g := card()
	for i := range g.Files {
		delete(g.Files[i].Digests, "c4")
	}
	delete(g.Files[0].Digests, "md5")
	_, manifest := mustBuild(t, g)
	root := mustParse(t, manifest).RootHash
	var have []string
	for _, f := range formats {
		if root.Content[f.name] != "" {
			have = append(have, f.name)
		}
	}
	if fmt.Sprint(have) != "[sha1 xxh128 xxh3 xxh64]" {
		t.Errorf("root hash in %v", have)
	}
}

func TestAnEmptyFolder(t *testing.T) {
	g := card()
	g.Files, g.Directories = nil, nil
	_, manifest := mustBuild(t, g)
	if strings.Contains(string(manifest), "<hashes>") {
		t.Error("an empty list of hashes is not valid")
	}
	if root := mustParse(t, manifest).RootHash; root.Content["xxh128"] != "99aa06d3014798d86001c324468d497f" {
		t.Errorf("root hash %v, want that of nothing", root)
	}
}

func TestCheckFindsAnAlteredManifest(t *testing.T) {
	_, manifest := mustBuild(t, card())
	altered := bytes.Replace(manifest, []byte(digests("two")["md5"]), []byte(digests("TWO")["md5"]), 1)
	wrong, err := Check(mustParse(t, altered))
	if err != nil || len(wrong) != 4 || wrong[0].Path != "." || wrong[2].Path != "Clips" {
		t.Errorf("%v, %v; want both hashes of the root and of Clips", wrong, err)
	}
	renamed := bytes.Replace(manifest, []byte("A001C002"), []byte("A001C009"), 1)
	wrong, err = Check(mustParse(t, renamed))
	if err != nil || len(wrong) != 2*len(formats) {
		t.Errorf("%v, %v; want the structure hashes of the root and of Clips, and no content hash", wrong, err)
	}
}

func TestParseIsRefused(t *testing.T) {
	_, manifest := mustBuild(t, card())
	change := func(old, replacement string) string {
		if !strings.Contains(string(manifest), old) {
			t.Fatalf("no %q", old)
		}
		return strings.Replace(string(manifest), old, replacement, 1)
	}
	cases := map[string]string{
		"":                                        "EOF",
		"<a/>":                                    "not a <hashlist>",
		string(manifest[:300]):                    "line ",
		string(manifest) + "<a/>":                 "second document",
		change("urn:ASC", "urn:abc"):              "of the namespace",
		change(`"2.0"`, `"1.1"`):                  "not 2.0",
		change("notes.txt", "../n"):               "not relative",
		change("notes.txt", "/n"):                 "not relative",
		change(`size="3"`, `size="?`):             "", // not well-formed
		change(`size="3"`, `size="-3"`):           "not a number of bytes",
		change("2026-05-01T12:00", "yesterday"):   "not a date",
		change("transfer", "copied"):              "not transfer",
		change(`action="original"`, `action="?"`): "not original",
		change(digests("two")["xxh64"], "zz"):     "16 digits",
		change(`<?xml version="1.0" encoding="UTF-8"?>`, `<!DOCTYPE h [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>`) + "&b;": "",
	}
	for doc, want := range cases {
		if _, err := Parse(strings.NewReader(doc)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one with %q, for\n%.200s", err, want, doc)
		}
	}
}

func TestChain(t *testing.T) {
	first, err := Chain(nil, "0001_A001_x.mhl", []byte("one"))
	if err != nil {
		t.Fatal(err)
	}
	second, err := Chain(first, "0002_A001_y.mhl", []byte("two"))
	if err != nil {
		t.Fatal(err)
	}
	if again, err := Chain(second, "0002_A001_y.mhl", []byte("two")); err != nil || !bytes.Equal(again, second) {
		t.Errorf("the same manifest again: %v\n%s", err, again)
	}
	links, err := ParseChain(bytes.NewReader(second))
	if want := []Link{{1, "0001_A001_x.mhl", C4([]byte("one"))}, {2, "0002_A001_y.mhl", C4([]byte("two"))}}; err != nil || !reflect.DeepEqual(links, want) {
		t.Errorf("%v, %v; want %v", links, err, want)
	}
	refused := []struct {
		prev     []byte
		name     string
		manifest string
		want     string
	}{
		{second, "0002_A001_y.mhl", "other", "never rewritten"},
		{second, "0002_A001_z.mhl", "three", "begin with 0003_"},
		{second, "0004_A001_z.mhl", "three", "begin with 0003_"},
		{nil, "../0001_x.mhl", "one", "beside the chain"},
		{[]byte("<ascmhldirectory"), "0001_x.mhl", "one", "line 1"},
		{[]byte{}, "0001_x.mhl", "one", "EOF"},
		{bytes.Replace(second, []byte(`nr="1"`), []byte(`nr="3"`), 1), "0003_x.mhl", "x", "altered"},
		{bytes.Replace(second, []byte(">c4"), []byte(">c5"), 1), "0003_x.mhl", "x", "not a C4 ID"},
		{bytes.Replace(second, []byte(">0001"), []byte(">a/0001"), 1), "0003_x.mhl", "x", "beside the chain"},
	}
	for _, c := range refused {
		if _, err := Chain(c.prev, c.name, []byte(c.manifest)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", c.name, err, c.want)
		}
	}
}

// TestRoundTrip: what Build writes, Parse reads, Check finds right, and Build writes again.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.StringMatching(`[a-c \n&<\p{L}]{1,4}`)
		g := Generation{Root: "R", Number: 1, Created: noon, Process: Flatten, Tool: "t", Host: rapid.StringMatching(`[a-z<\t]{0,5}`).Draw(t, "host")}
		for range rapid.IntRange(0, 8).Draw(t, "files") {
			path := strings.Join(rapid.SliceOfN(name, 1, 4).Draw(t, "path"), "/")
			content := rapid.String().Draw(t, "content")
			g.Files = append(g.Files, File{Path: path, Size: int64(len(content)), ModTime: noon, Digests: digests(content), Action: Verified, HashDate: noon})
		}
		_, manifest, err := Build(g)
		if err != nil {
			if s := err.Error(); strings.Contains(s, "twice") || strings.Contains(s, "both a file") {
				t.Skip("paths in each other's way")
			}
			t.Fatal(err)
		}
		back, err := Parse(bytes.NewReader(manifest))
		if err != nil {
			t.Fatalf("%v in\n%s", err, manifest)
		}
		if wrong, err := Check(back); wrong != nil || err != nil {
			t.Fatal(wrong, err)
		}
		var h History
		h.Add(back, Link{Number: 1}, nil)
		for _, f := range g.Files {
			if r := h.File(f.Path); r == nil || r.Contradicts(f.Digests) != "" {
				t.Fatal(f.Path, r)
			}
		}
		back.Root, back.Number = g.Root, g.Number
		if _, again, err := Build(back); err != nil || !bytes.Equal(again, manifest) {
			t.Fatalf("%v\n%s\nwant\n%s", err, again, manifest)
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, pattern := range []string{"testdata/golden/*.mhl", "testdata/reference/*.mhl"} {
		files, _ := filepath.Glob(pattern)
		for _, file := range files {
			seed, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(seed)
		}
	}
	f.Add([]byte(`<hashlist version="2.0" xmlns="urn:ASC:MHL:v2.0"><processinfo><process>flatten</process></processinfo><hashes><hash><path>../a</path></hash></hashes></hashlist>`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		g, err := Parse(bytes.NewReader(doc))
		if err != nil {
			return
		}
		for _, file := range g.Files {
			if !filepath.IsLocal(file.Path) {
				t.Fatalf("path %q leaves the root", file.Path)
			}
		}
		_, _ = Check(g)
		var h History
		h.Add(g, Link{Number: 1}, func(string) bool { return true })
		h.Add(g, Link{Number: 2}, nil)
		for _, f := range append(h.Flat(""), h.Flat("a/")...) {
			if !filepath.IsLocal(f.Path) {
				t.Fatalf("path %q leaves the root", f.Path)
			}
		}
		_, _ = NewIgnore(h.Ignore())
		g.Root, g.Number = "R", 1
		_, manifest, err := Build(g)
		if err != nil {
			return
		}
		if _, err := Parse(bytes.NewReader(manifest)); err != nil {
			t.Fatalf("built from a parsed manifest, but not to be parsed: %v\n%s", err, manifest)
		}
	})
}

func FuzzChain(f *testing.F) {
	seed, err := os.ReadFile("testdata/reference/" + ChainFile)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	f.Fuzz(func(t *testing.T, doc []byte) {
		links, err := ParseChain(bytes.NewReader(doc))
		if err != nil {
			return
		}
		if _, err := Chain(doc, fmt.Sprintf("%04d_next.mhl", len(links)+1), doc); err != nil {
			t.Fatal(err)
		}
	})
}
