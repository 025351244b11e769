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

// forgetState removes such a folder: in one step first, so that no half of a journal
// is ever found by who comes after a kill.
func forgetState(dir string) error {
	kind, of := filepath.Split(dir)
	ended := filepath.Join(filepath.Dir(filepath.Clean(kind)), "ended")
	if err := os.MkdirAll(ended, 0o700); err != nil {
		return err
	}
	if err := os.Rename(dir, filepath.Join(ended, of+"-"+rand.Text())); err != nil {
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
