package servers_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gantry/connectors/servers"
)

func TestFind(t *testing.T) {
	tool := func(t *testing.T, dir string) string {
		t.Helper()
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, "splicer")
		if err := os.WriteFile(path, []byte("#!/bin/sh\n"), 0o755); err != nil {
			t.Fatal(err)
		}
		return path
	}
	find := func(t *testing.T, want string) {
		t.Helper()
		got, err := servers.Find("splicer")
		if err != nil || got != want {
			t.Errorf("found %q, %v; want %q", got, err, want)
		}
	}
	t.Run("in $GANTRY_TOOLS", func(t *testing.T) {
		dir := t.TempDir()
		t.Setenv("GANTRY_TOOLS", dir)
		find(t, tool(t, dir))
	})
	t.Run("in .tools of a parent that holds go.mod", func(t *testing.T) {
		t.Setenv("GANTRY_TOOLS", "")
		dir := t.TempDir()
		want := tool(t, filepath.Join(dir, ".tools"))
		below := filepath.Join(dir, "a", "b")
		if err := os.MkdirAll(below, 0o755); err != nil {
			t.Fatal(err)
		}
		t.Chdir(below)
		if _, err := servers.Find("splicer"); err == nil {
			t.Error("found without go.mod")
		}
		if err := os.WriteFile(filepath.Join(dir, "go.mod"), nil, 0o644); err != nil {
			t.Fatal(err)
		}
		find(t, want)
	})
	t.Run("in $PATH", func(t *testing.T) {
		dir := t.TempDir()
		t.Setenv("PATH", dir)
		find(t, tool(t, dir))
	})
	t.Run("says how to install it", func(t *testing.T) {
		t.Setenv("GANTRY_TOOLS", "")
		t.Setenv("PATH", t.TempDir())
		_, err := servers.Find("xmllint")
		if err == nil || !strings.Contains(err.Error(), "apt-get install libxml2-utils") {
			t.Errorf("error %v", err)
		}
	})
}
