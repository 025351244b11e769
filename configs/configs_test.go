package configs_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"gantry/configs"
)

func TestCreateGivesTheWholeFolderOnce(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	dir := filepath.Join(data, "resources")
	if err := configs.Create(dir); err != nil {
		t.Fatal(err)
	}
	defaults, err := configs.Defaults()
	if err != nil {
		t.Fatal(err)
	}
	if got, want := names(t, dir), slices.Sorted(maps.Keys(defaults)); !slices.Equal(got, want) {
		t.Errorf("the folder holds %v; want %v", got, want)
	}
	if got := names(t, data); !slices.Equal(got, []string{"resources"}) {
		t.Errorf("beside it are %v", got)
	}
	info, err := os.Stat(dir)
	if err != nil || info.Mode().Perm() != 0o755 {
		t.Errorf("the folder is %v, %v", info.Mode(), err)
	}

	mine := filepath.Join(dir, "site.yaml")
	if err := os.WriteFile(mine, []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "route.yaml")); err != nil {
		t.Fatal(err)
	}
	if err := configs.Create(dir); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(mine); err != nil || string(text) != "mine" {
		t.Errorf("what a person wrote is %q, %v", text, err)
	}
	if slices.Contains(names(t, dir), "route.yaml") {
		t.Error("what a person removed is there again")
	}
}

func TestCreateLeavesNothingBehindWhenItFails(t *testing.T) {
	data := t.TempDir()
	file := filepath.Join(data, "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := configs.Create(filepath.Join(file, "resources")); err == nil {
		t.Error("a folder in a file was created")
	}
	if got := names(t, data); !slices.Equal(got, []string{"file"}) {
		t.Errorf("left behind are %v", got)
	}
}

func TestDefaultsAreNamedAfterTheirFolders(t *testing.T) {
	defaults, err := configs.Defaults()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"site.yaml", "workflows-clip.yaml", "profiles-proxy-h264.yaml"} {
		if len(defaults[name]) == 0 {
			t.Errorf("there is no %s", name)
		}
	}
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, e := range entries {
		found = append(found, e.Name())
	}
	return found
}
