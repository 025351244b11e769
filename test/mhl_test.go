package test

import (
	"bytes"
	"encoding/hex"
	"encoding/xml"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/zeebo/xxh3"
)

// A hashList is what the ASC MHL specification says that a manifest holds.
type hashList struct {
	Root struct {
		Content   string `xml:"content>xxh128"`
		Structure string `xml:"structure>xxh128"`
	} `xml:"processinfo>roothash"`
	Files []struct {
		Path struct {
			Name string `xml:",chardata"`
			Size int64  `xml:"size,attr"`
		} `xml:"path"`
		Sum string `xml:"xxh128"`
	} `xml:"hashes>hash"`
	Folders []struct {
		Path      string `xml:"path"`
		Content   string `xml:"content>xxh128"`
		Structure string `xml:"structure>xxh128"`
	} `xml:"hashes>directoryhash"`
}

// checkTree computes a folder's hashes, and those of the folders in it, from what
// lies there by the rules of the ASC MHL specification, and holds its manifest
// against them: all that is there is named, and nothing else.
func checkTree(t *testing.T, folder string) {
	t.Helper()
	inside := os.DirFS(folder) // whose name may look like a pattern
	manifests, err := fs.Glob(inside, "ascmhl/0001_*.mhl")
	if err != nil || len(manifests) != 1 {
		t.Fatalf("manifests in %s: %q, want one: %v", folder, manifests, err)
	}
	text, err := fs.ReadFile(inside, manifests[0])
	if err != nil {
		t.Fatal(err)
	}
	var list hashList
	if err := xml.Unmarshal(text, &list); err != nil {
		t.Fatalf("%s: %v", manifests[0], err)
	}
	want := map[string]treeHash{".": {list.Root.Content, list.Root.Structure}}
	for _, f := range list.Files {
		want[f.Path.Name] = treeHash{f.Sum, f.Sum}
		if info, err := os.Stat(filepath.Join(folder, f.Path.Name)); err != nil || info.Size() != f.Path.Size {
			t.Errorf("the manifest gives %s %d bytes: %v %v", f.Path.Name, f.Path.Size, info, err)
		}
	}
	for _, d := range list.Folders {
		want[d.Path] = treeHash{d.Content, d.Structure}
	}
	got := map[string]treeHash{}
	hashTree(t, folder, ".", got)
	for name, h := range got {
		if want[name] != h {
			t.Errorf("%s of %s has the hashes %v, the manifest says %v", name, folder, h, want[name])
		}
	}
	if len(want) != len(got) {
		t.Errorf("the manifest of %s names %d files and folders, there are %d", folder, len(want), len(got))
	}
}

// A treeHash is the hash of a folder's content and of its structure; a file's are
// the same.
type treeHash struct{ content, structure string }

func hashTree(t *testing.T, root, folder string, found map[string]treeHash) treeHash {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(root, folder))
	if err != nil {
		t.Fatal(err)
	}
	var contents, structures [][]byte
	for _, e := range entries {
		name := filepath.Join(folder, e.Name())
		if e.Name() == "ascmhl" {
			continue
		}
		h := treeHash{}
		if e.IsDir() {
			h = hashTree(t, root, name, found)
		} else {
			sum := xxhsum(t, filepath.Join(root, name))
			h = treeHash{sum, sum}
			found[name] = h
		}
		contents = append(contents, unhex(t, h.content))
		structures = append(structures, unhex(t, hash128(append([]byte(e.Name()), unhex(t, h.structure)...))))
	}
	h := treeHash{hashSorted(contents), hashSorted(structures)}
	found[folder] = h
	return h
}

func hashSorted(sums [][]byte) string {
	slices.SortFunc(sums, bytes.Compare)
	return hash128(bytes.Join(sums, nil))
}

func hash128(data []byte) string {
	sum := xxh3.Hash128(data).Bytes()
	return hex.EncodeToString(sum[:])
}

func unhex(t *testing.T, text string) []byte {
	t.Helper()
	raw, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}
