package flow

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Every example of the specification parses, or is refused for nothing but what this version does
// not support. testdata/spec/examples.txt says which is which.
func TestSpecificationExamples(t *testing.T) {
	files, err := filepath.Glob("testdata/spec/examples/*.yaml")
	if err != nil || len(files) < 60 {
		t.Fatalf("%d examples in testdata/spec/examples (%v)", len(files), err)
	}
	var out strings.Builder
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		out.WriteString(filepath.Base(file) + ": ")
		_, err = Parse(src)
		var problems Problems
		if !errors.As(err, &problems) {
			out.WriteString("parses\n")
			continue
		}
		for _, p := range problems {
			if !strings.Contains(p.Message, "is not supported by this version") {
				t.Errorf("%s: %s", filepath.Base(file), p.Error())
			}
		}
		out.WriteString("refused\n")
		for _, p := range problems {
			out.WriteString("    " + p.Error() + "\n")
		}
	}
	golden(t, "testdata/spec/examples.txt", out.String())
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s is\n%s\nexpected\n%s", file, got, want)
	}
}
