package mhl

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestManifestsAreValid holds every shape of manifest that Build writes, and those of the reference implementation, against a schema.
func TestManifestsAreValid(t *testing.T) {
	tool, err := exec.LookPath("xmllint")
	if err != nil {
		t.Fatal("xmllint is not installed: apt-get install libxml2-utils")
	}
	dir := t.TempDir()
	shapes := map[string]func(*Generation){
		"whole":    func(*Generation) {},
		"unhashed": func(g *Generation) { g.Coverage = Unhashed },
		"partial":  func(g *Generation) { g.Coverage = Partial },
		"empty":    func(g *Generation) { g.Files, g.Directories = nil, nil },
		"references only": func(g *Generation) {
			g.Files, g.Directories, g.Coverage = nil, nil, Partial
			g.References = []Reference{{"a/ascmhl/0001_a.mhl", C4(nil)}}
		},
		"renamed": func(g *Generation) { g.Files[0].PreviousPath, g.Directories[1].PreviousPath = "was", "Was" },
		"failed": func(g *Generation) {
			g.Files[0].Action, g.Files[0].Digests = Failed, map[string]string{"md5": g.Files[0].Digests["md5"]}
			for i := range g.Files[1:] {
				delete(g.Files[i+1].Digests, "md5")
			}
		},
		"mixed": func(g *Generation) { g.Files[0].Marks = map[string]Mark{"c4": {Verified, noon}} },
	}
	files := []string{"--noout", "--relaxng", "testdata/ascmhl.rng"}
	for name, shape := range shapes {
		g := card()
		shape(&g)
		_, manifest := mustBuild(t, g)
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, manifest, 0o600); err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	for _, pattern := range []string{"testdata/golden/*.*", "testdata/reference/*.mhl", "testdata/reference/*.xml"} {
		more, _ := filepath.Glob(pattern)
		files = append(files, more...)
	}
	if out, err := exec.Command(tool, files...).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	wrong := filepath.Join(dir, "wrong")
	if err := os.WriteFile(wrong, []byte(`<hashlist version="2.0" xmlns="urn:ASC:MHL:v2.0"/>`), 0o600); err != nil {
		t.Fatal(err)
	}
	if exec.Command(tool, "--noout", "--relaxng", "testdata/ascmhl.rng", wrong).Run() == nil {
		t.Error("the schema takes anything")
	}
}
