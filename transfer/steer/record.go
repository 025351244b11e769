package steer

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"gantry/connectors/wrap/throttle"
	"gantry/transfer/schedule"
)

// A Record is what was asked for, as far as the same can be asked for again. It holds no
// secret, only references to some.
type Record struct {
	ID          string              `json:"id"`
	Command     []string            `json:"command"` // the words after the program's name, without flags: copy SRC DST
	Flags       map[string][]string `json:"flags,omitempty"`
	Dir         string              `json:"dir"` // that paths are relative to
	Source      string              `json:"source"`
	Destination string              `json:"destination"`
	Asked       time.Time           `json:"asked"`
	Settings    Settings            `json:"settings"`
	Ended       time.Time           `json:"ended,omitzero"`   // of the last process, if it could say so
	Reason      string              `json:"reason,omitempty"` // why it ended
	Files       int                 `json:"files,omitempty"`
	FilesDone   int                 `json:"filesDone,omitempty"` // this and what follows: when it was written
	FilesFailed int                 `json:"filesFailed,omitempty"`
	Bytes       int64               `json:"bytes,omitempty"`
	Done        int64               `json:"done,omitempty"`  // bytes that the destination had
	Parts       int                 `json:"parts,omitempty"` // that it had
	PartsTotal  int                 `json:"partsTotal,omitempty"`
}

// Stands takes down how far the transfer is.
func (r *Record) Stands(s Status) {
	r.Files, r.FilesDone, r.FilesFailed, r.Bytes, r.Done, r.Parts, r.PartsTotal = s.Files, s.FilesDone, s.FilesFailed, s.Bytes, s.Done, s.Parts, s.PartsTotal
}

// Settings are what may be changed while a transfer runs.
type Settings struct {
	Paused    bool               `json:"paused"`
	Priority  schedule.Priority  `json:"priority"`
	Deadline  time.Time          `json:"deadline,omitzero"`
	Bandwidth throttle.Timetable `json:"bandwidth"`
}

// A Change alters settings. Fields that are nil stay as they are.
type Change struct {
	Paused    *bool               `json:"paused,omitempty"`
	Priority  *schedule.Priority  `json:"priority,omitempty"`
	Deadline  *time.Time          `json:"deadline,omitempty"` // zero takes it away
	Bandwidth *throttle.Timetable `json:"bandwidth,omitempty"`
}

// With gives the settings with a change on top.
func (s Settings) With(c Change) Settings {
	if c.Paused != nil {
		s.Paused = *c.Paused
	}
	if c.Priority != nil {
		s.Priority = *c.Priority
	}
	if c.Deadline != nil {
		s.Deadline = *c.Deadline
	}
	if c.Bandwidth != nil {
		s.Bandwidth = *c.Bandwidth
	}
	return s
}

const recordName = "asked.json"

// Write keeps the record in the transfer's folder, in one step.
func (r Record) Write(dir string) error {
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".asked-*") // mode 0600
	if err == nil {
		_, err = f.Write(append(data, '\n'))
		if closed := f.Close(); err == nil {
			err = closed
		}
		if err == nil {
			err = os.Rename(f.Name(), filepath.Join(dir, recordName))
		}
		if err != nil {
			_ = os.Remove(f.Name()) // what is left is found by its name
		}
	}
	if err != nil {
		return fmt.Errorf("write down what is copied: %w", err)
	}
	return nil
}

// Read reads the record in a transfer's folder. ok is false if there is none.
func Read(dir string) (r Record, ok bool, err error) {
	data, err := os.ReadFile(filepath.Join(dir, recordName))
	if errors.Is(err, fs.ErrNotExist) {
		return r, false, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &r)
	}
	if err != nil {
		return r, false, fmt.Errorf("read %s: %w", filepath.Join(dir, recordName), err)
	}
	return r, true, nil
}
