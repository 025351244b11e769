// Package docket keeps one small file for each upload that this machine has under way,
// beside the journal and apart from it. As long as a process sends the upload, it holds
// a lock on the file, which the kernel gives up with the process, however that ends. So
// it shows, when the journal is lost, which uploads were ours, and that nobody sends
// them any more.
//
// A docket vouches for nothing: what an upload holds has to be proved by who takes it up.
package docket

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"gantry/connectors"
	"gantry/transfer/chunk"
)

// A Way is where a file comes from and where it goes.
type Way struct {
	From     string `json:"from"` // the name of the source's location
	FromPath string `json:"fromPath"`
	To       string `json:"to"` // the name of the destination's location
	ToPath   string `json:"toPath"`
}

// key is what the names of a way's dockets begin with.
func (w Way) key() string {
	sum := sha256.Sum256([]byte(w.From + "\x00" + w.FromPath + "\x00" + w.To + "\x00" + w.ToPath))
	return hex.EncodeToString(sum[:16]) + "-"
}

// A Docket is what is written of an upload.
type Docket struct {
	Way
	ID         string               `json:"id"`                   // for connectors.UploadOptions.Resume
	Plan       chunk.Plan           `json:"plan"`                 // how the file was cut
	Terms      string               `json:"terms"`                // sums up what the upload was begun with, beside the time
	ModTime    time.Time            `json:"modTime,omitzero"`     // that it was begun with
	PartDigest connectors.Algorithm `json:"partDigest,omitempty"` // that the place checks of each part
	Began      time.Time            `json:"began"`
}

// A Folder holds dockets. It may be used by many goroutines and processes at once.
type Folder struct{ dir string }

// In is the folder at a path of this machine. It is made when something is put into it. One
// that others may write to stays as it is, and counts as empty.
func In(dir string) Folder { return Folder{dir} }

// Lay writes a docket and holds it. An error means that there is none, which is no harm
// but that the upload cannot be found later.
func (f Folder) Lay(d Docket) (*Held, error) {
	data, err := json.Marshal(d)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(f.dir, 0o700); err != nil {
		return nil, fmt.Errorf("lay docket: %w", err)
	}
	if !f.private() {
		return nil, fmt.Errorf("lay docket: others may write to %s (take it from them, or remove it)", f.dir)
	}
	name := d.key() + strings.ToLower(rand.Text())
	made := filepath.Join(f.dir, newPrefix+name)
	file, err := os.OpenFile(made, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lay docket: %w", err)
	}
	if err = lock(file); err == nil {
		_, err = file.Write(data)
	}
	if err == nil { // nobody sees it before it is locked
		err = os.Rename(made, filepath.Join(f.dir, name))
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("lay docket: %w", err), file.Close(), os.Remove(made))
	}
	return &Held{Docket: d, file: file, path: filepath.Join(f.dir, name)}, nil
}

const newPrefix = ".new-"

// keptFor is how long a docket of which nobody has asked is kept.
const keptFor = 30 * 24 * time.Hour

// mostBytes bounds what is read of one.
const mostBytes = 64 << 10

// Claim gives the dockets of a way that nobody holds, and holds them for the caller. busy
// are the IDs of uploads that somebody is sending. now is for clearing away what has
// become old.
func (f Folder) Claim(w Way, now time.Time) (free []*Held, busy []string) {
	if !f.private() {
		return nil, nil
	}
	entries, _ := os.ReadDir(f.dir) // without the folder there are none
	for _, e := range entries {
		mine := strings.HasPrefix(e.Name(), w.key())
		if !mine && !old(e, now) {
			continue
		}
		held, id := f.take(e.Name())
		switch {
		case held == nil && mine && id != "":
			busy = append(busy, id)
		case held == nil:
		case mine && held.ID != "" && held.Way == w:
			free = append(free, held)
		default:
			held.Remove()
		}
	}
	return free, busy
}

// private tells whether the folder is there, and nobody else's.
func (f Folder) private() bool {
	info, err := os.Stat(f.dir)
	return err == nil && ours(info)
}

func old(e os.DirEntry, now time.Time) bool {
	info, err := e.Info()
	return err == nil && info.Mode().IsRegular() && now.Sub(info.ModTime()) > keptFor
}

// take locks a docket; nil if somebody else holds it, with the ID in it, or it is gone.
func (f Folder) take(name string) (held *Held, id string) {
	path := filepath.Join(f.dir, name)
	file, err := os.OpenFile(path, os.O_RDWR|noFollow, 0)
	if err != nil {
		return nil, ""
	}
	locked := lock(file)
	var d Docket
	data, err := io.ReadAll(io.LimitReader(file, mostBytes))
	if err != nil || json.Unmarshal(data, &d) != nil {
		d = Docket{}
	}
	if locked != nil || !named(path, file) {
		_ = file.Close()
		if locked == nil {
			d.ID = "" // somebody has taken it away meanwhile
		}
		return nil, d.ID
	}
	return &Held{Docket: d, file: file, path: path}, d.ID
}

// named tells whether the path is still that of the open file.
func named(path string, file *os.File) bool {
	byName, err := os.Lstat(path)
	if err != nil {
		return false
	}
	byHandle, err := file.Stat()
	return err == nil && os.SameFile(byName, byHandle)
}
