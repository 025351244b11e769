package steer

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// A Home is the folder of a user's transfers: a folder for each command, and in it one
// for each transfer.
type Home string

// A Found transfer is one that has a folder.
type Found struct {
	Record
	Dir     string    // its own; Record.Dir is where the command was typed
	Touched time.Time // when the record was written last, which a process that runs does every few seconds
}

// Commands are those whose transfers are found.
var commands = []string{"copy", "move"}

// ID names the transfer of a folder.
func (h Home) ID(dir string) string {
	return filepath.Base(filepath.Dir(dir)) + "-" + filepath.Base(dir)
}

// Dir is the folder of a transfer. ok is false if no transfer can have that ID.
func (h Home) Dir(id string) (dir string, ok bool) {
	for _, command := range commands {
		rest, ok := strings.CutPrefix(id, command+"-")
		if ok && rest != "" && strings.Trim(rest, "0123456789abcdef") == "" {
			return filepath.Join(string(h), command, rest), true
		}
	}
	return "", false
}

// Find gives the transfer of an ID. ok is false if there is none.
func (h Home) Find(id string) (f Found, ok bool, err error) {
	dir, ok := h.Dir(id)
	if !ok {
		return f, false, nil
	}
	return h.found(dir)
}

func (h Home) found(dir string) (f Found, ok bool, err error) {
	f.Dir = dir
	f.Record, ok, err = Read(dir)
	if info, err := os.Stat(filepath.Join(dir, recordName)); err == nil {
		f.Touched = info.ModTime()
	}
	f.ID = h.ID(dir)
	return f, ok, err
}

// List gives all transfers that have a folder. Those that cannot be read are left out,
// and the error tells of them.
func (h Home) List() (list []Found, err error) {
	var errs []error
	for _, command := range commands {
		folders, err := os.ReadDir(filepath.Join(string(h), command))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, fmt.Errorf("look for transfers: %w", err))
		}
		for _, folder := range folders {
			f, ok, err := h.found(filepath.Join(string(h), command, folder.Name()))
			switch {
			case err != nil:
				errs = append(errs, err)
			case ok:
				list = append(list, f)
			}
		}
	}
	return list, errors.Join(errs...)
}

// Find looks again whether the transfer is there.
func (f Found) Find() (Found, bool, error) { return Home("").found(f.Dir) }

// Ask gives the status of a transfer: by the process that runs it, or, where none does,
// as it was left.
func (f Found) Ask() Status {
	c, err := Dial(f.Dir)
	if err == nil {
		defer c.Close()
		if status, err := c.Status(); err == nil {
			return status
		}
	}
	state := StateStopped
	if f.Reason != "" && f.Failed() {
		state = StateFailed
	}
	return Status{
		ID: f.ID, Kind: f.Kind(), State: state, Source: f.Source, Destination: f.Destination, Started: f.Asked, Ended: f.Ended, Error: f.Reason,
		Files: f.Files, FilesDone: f.FilesDone, FilesFailed: f.FilesFailed, Bytes: f.Bytes, Done: f.Done, Parts: f.Parts, PartsTotal: f.PartsTotal, ETA: -1, Settings: f.Settings, GoOn: "gantry transfer resume " + f.ID,
	}
}

// Failed tells whether the last process ended by itself, and not because it was stopped.
func (r Record) Failed() bool { return !r.Ended.IsZero() && r.Reason != ReasonStopped }

// Kind is the command that was typed.
func (r Record) Kind() string {
	if len(r.Command) == 0 {
		return ""
	}
	return r.Command[0]
}

// ReasonStopped is the reason of a process that was told to stop.
const ReasonStopped = "stopped"
