package durable_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"gantry/transfer/durable"
)

func TestAFileIsWholeOrAsItWas(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	name := filepath.Join(dir, "note")
	lost := errors.New("lost")
	for _, step := range []struct {
		write func(io.Writer) error
		fails error
		want  string
	}{
		{durable.Bytes([]byte("one")), nil, "one"},
		{func(w io.Writer) error { _, _ = io.WriteString(w, "half of"); return lost }, lost, "one"},
		{durable.Bytes([]byte("two")), nil, "two"},
	} {
		if err := durable.Write(name, step.write); !errors.Is(err, step.fails) {
			t.Errorf("%v, expected %v", err, step.fails)
		}
		if got, err := os.ReadFile(name); err != nil || string(got) != step.want {
			t.Errorf("it has %q, %v", got, err)
		}
		if files, _ := os.ReadDir(dir); len(files) != 1 {
			t.Errorf("there are %v", files)
		}
	}
	if info, err := os.Stat(name); err != nil || info.Mode() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if err := durable.Write(filepath.Join(dir, "no", "folder"), durable.Bytes(nil)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("without a folder: %v", err)
	}
}
