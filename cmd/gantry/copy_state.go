package main

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"gantry/transfer/journal"
)

// stateFolder is where an interrupted copy is remembered, by its two ends.
func (c *copier) stateFolder() (string, error) {
	return stateFolder(copyID(c.from.address(c.from.path), c.to.address(c.to.path)))
}

// stateFolder makes a private folder for what the user's commands remember.
func stateFolder(id string) (string, error) {
	dir, err := statePath(id)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("make a folder for what is to be remembered: %w (set XDG_STATE_HOME to another)", err)
	}
	return dir, nil
}

// A memory is what is remembered of a transfer: its folder, which no other process has
// until it is closed or forgotten.
type memory struct {
	dir     string
	journal *journal.Journal
	left    bool
}

// recall opens the folder of a transfer. It fails with a [journal.InUse] while another
// process has it.
func (a *app) recall(dir string) (*memory, error) {
	j, err := journal.Recover(dir, journal.Options{Logger: a.logger()})
	if err != nil {
		return nil, err
	}
	return &memory{dir: dir, journal: j}, nil
}

// Close leaves the folder to others, unless it is forgotten.
func (m *memory) Close() error {
	if m.left {
		return nil
	}
	m.left = true
	return m.journal.Close()
}

// forget removes the folder: in one step first, so that nobody who comes, also after a
// kill, goes on with half of a journal, or with one that is about to go.
func (m *memory) forget() error {
	kind, of := filepath.Split(m.dir)
	ended := filepath.Join(filepath.Dir(filepath.Clean(kind)), "ended")
	if err := os.MkdirAll(ended, 0o700); err != nil {
		return err
	}
	m.left = true
	if err := m.journal.Retire(filepath.Join(ended, of+"-"+rand.Text())); err != nil {
		return err
	}
	trash, err := filepath.Glob(filepath.Join(ended, "*")) // with what others were killed at
	for _, each := range trash {
		err = errors.Join(err, os.RemoveAll(each))
	}
	return err
}

// statePath is where that folder is, or would be.
func statePath(id string) (string, error) {
	base := os.Getenv("XDG_STATE_HOME")
	if !filepath.IsAbs(base) {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", fmt.Errorf("find a folder for what is to be remembered: %w (set XDG_STATE_HOME)", err)
		}
		base = filepath.Join(home, ".local", "state")
	}
	return filepath.Join(base, "gantry", filepath.FromSlash(id)), nil
}

func copyID(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return "copy/" + hex.EncodeToString(sum[:8])
}
