package flow

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// A file of problems is a txtar file: each document is followed by the problems that it has.
// Documents without a document section get one in front, on line 1.
func TestProblems(t *testing.T) {
	files, err := filepath.Glob("testdata/problems/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no files in testdata/problems", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			out := &txtar.Archive{Comment: archive.Comment}
			for _, f := range archive.Files {
				if f.Name != "workflow" {
					continue
				}
				src := f.Data
				if len(src) > 0 && !bytes.ContainsRune([]byte("d{-"), rune(src[0])) || bytes.HasPrefix(src, []byte("do:")) {
					src = append([]byte(header), src...)
				}
				text := "none\n"
				if _, err := Parse(src); err != nil {
					text = err.Error() + "\n"
				}
				out.Files = append(out.Files, f, txtar.File{Name: "problems", Data: []byte(text)})
			}
			if *update {
				if err := os.WriteFile(file, txtar.Format(out), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got, want := string(txtar.Format(out)), string(txtar.Format(archive)); got != want {
				t.Errorf("gave\n%s\nexpected\n%s", got, want)
			}
		})
	}
}

func TestDocumentTooLarge(t *testing.T) {
	_, err := Parse(bytes.Repeat([]byte("#"), maxDocument+1))
	if err == nil || !strings.Contains(err.Error(), "the limit is 1048576") {
		t.Error(err)
	}
}
