package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// A moved is what is kept of a move that is done, so that the same command ends well
// when it is given once more: its source is gone then.
type moved struct {
	Source      string    `json:"source"`
	Destination string    `json:"destination"`
	Ended       time.Time `json:"ended"`
	Files       int       `json:"files"`
	Bytes       int64     `json:"bytes"`
}

// movedKept is how long it is kept.
const movedKept = 30 * 24 * time.Hour

// movedPath is where it is kept, by the two ends of the move.
func (c *copier) movedPath() (string, error) {
	return statePath("moved/" + filepath.Base(copyID(c.from.address(c.from.path), c.to.address(c.to.path))) + ".json")
}

// keepMoved keeps it, and drops what was kept long ago.
func (c *copier) keepMoved(r *report) error {
	name, err := c.movedPath()
	if err != nil {
		return err
	}
	dir := filepath.Dir(name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("remember that all is moved: %w (set XDG_STATE_HOME to another)", err)
	}
	now := time.Now()
	entries, _ := os.ReadDir(dir) // what cannot be listed is not swept
	for _, e := range entries {
		if info, err := e.Info(); err == nil && now.Sub(info.ModTime()) > movedKept {
			_ = os.Remove(filepath.Join(dir, e.Name())) // the next move tries again
		}
	}
	data, err := json.Marshal(moved{c.from.typed, c.to.typed, now.UTC(), r.Files, r.Bytes})
	if err != nil {
		return err
	}
	return os.WriteFile(name, data, 0o600)
}

// movedWhole is for a move of which nothing is left to do: because an earlier one has done
// all of it, or for the reason that is given.
func (c *copier) movedWhole(reason error) error {
	name, err := c.movedPath()
	if err != nil {
		return err
	}
	data, err := os.ReadFile(name)
	if errors.Is(err, os.ErrNotExist) {
		return reason
	}
	var m moved
	if err == nil {
		err = json.Unmarshal(data, &m)
	}
	if err != nil || time.Since(m.Ended) > movedKept {
		return reason
	}
	r := newReport(nil, 0)
	r.MovedBefore = m.Ended
	return c.app.print(c.out, r, func(w io.Writer) error {
		_, err := fmt.Fprintf(w, "nothing is left to move: %s went there by %s\n", count(m.Files, "file"), stamp(m.Ended))
		return err
	})
}
