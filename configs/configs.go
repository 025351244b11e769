// Package configs holds the documents that a new hub begins with. They are copied
// into its data folder on the first start, and are the user's own from then on.
package configs

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

//go:embed resources/*.yaml workflows/*.yaml policies/*.yaml profiles/*.yaml qc/*.yaml
var documents embed.FS

// Defaults gives the text of each document file by the name that it gets in the
// folder of resources: resources/site.yaml becomes site.yaml, workflows/clip.yaml
// becomes workflows-clip.yaml.
func Defaults() (map[string][]byte, error) {
	files := map[string][]byte{}
	err := fs.WalkDir(documents, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := documents.ReadFile(name)
		if err != nil {
			return err
		}
		files[strings.TrimPrefix(strings.ReplaceAll(name, "/", "-"), "resources-")] = text
		return nil
	})
	return files, err
}

// Create writes the defaults into dir, unless dir is there already. A crash in
// between leaves no half set: the folder appears as a whole.
func Create(dir string) error {
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	files, err := Defaults()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return fmt.Errorf("create the data folder: %w", err)
	}
	staging, err := os.MkdirTemp(filepath.Dir(dir), ".resources-*")
	if err != nil {
		return fmt.Errorf("create the folder of resources: %w", err)
	}
	defer os.RemoveAll(staging)
	for name, text := range files {
		if err := write(filepath.Join(staging, path.Base(name)), text); err != nil {
			return fmt.Errorf("create the folder of resources: %w", err)
		}
	}
	err = os.Chmod(staging, 0o755)
	if err == nil {
		err = os.Rename(staging, dir)
	}
	if err != nil {
		return fmt.Errorf("create the folder of resources: %w", err)
	}
	return nil
}

// write leaves the text on the disk, so that the folder never appears with empty
// files after a power cut.
func write(name string, text []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Sync(), f.Close())
}
