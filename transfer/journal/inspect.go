package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/options"
	"github.com/dgraph-io/badger/v4/table"
	"github.com/dgraph-io/ristretto/v2/z"
)

// inspect looks at a store that is about to be opened. It reads the tables that
// count: the store does so too, but in goroutines of its own, where a damaged table
// ends the process. And it removes files that a crash left empty just after they
// were made, which the store would stumble over.
func inspect(dir string) error {
	if err := removeEmpty(dir); err != nil {
		return err
	}
	tables, err := tablesOf(dir)
	if err != nil {
		return damaged(dir, err)
	}
	for _, path := range tables {
		if err := inspectTable(path); err != nil {
			return damaged(dir, fmt.Errorf("%s: %w", filepath.Base(path), err))
		}
	}
	return nil
}

func removeEmpty(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, e := range entries {
		if ext := filepath.Ext(e.Name()); ext != ".mem" && ext != ".vlog" {
			continue
		}
		if info, gone := e.Info(); gone == nil && info.Size() == 0 {
			err = errors.Join(err, os.Remove(filepath.Join(dir, e.Name())))
		}
	}
	if err != nil {
		return fmt.Errorf("look at the journal's files: %w", err)
	}
	return nil
}

// tablesOf lists the tables in the manifest. Others are leftovers of a crash.
func tablesOf(dir string) (tables []string, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("its manifest: %v", cause)
		}
	}()
	f, err := os.Open(filepath.Join(dir, badger.ManifestFilename))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	manifest, _, err := badger.ReplayManifestFile(f, 0, badger.DefaultOptions(dir).WithLogger(nil))
	if err != nil {
		return nil, fmt.Errorf("its manifest: %w", err)
	}
	for id := range manifest.Tables {
		tables = append(tables, table.NewFilename(id, dir))
	}
	return tables, nil
}

func inspectTable(path string) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("%v", cause)
		}
	}()
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if info.Size() == 0 {
		return fmt.Errorf("it is empty")
	}
	file, err := z.OpenMmapFile(path, os.O_RDONLY, 0)
	if err != nil {
		return err
	}
	defer file.Close(-1)
	_, err = table.OpenTable(file, table.Options{ReadOnly: true, BlockSize: 4 << 10, ChkMode: options.OnTableRead})
	return err
}
