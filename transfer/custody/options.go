package custody

import (
	"time"

	"gantry/connectors"
	"gantry/transfer/manifest/mhl"
)

// Progress is told how far hashing is. Its methods may be called from many goroutines at once.
type Progress interface {
	// Start tells what there is to read: sizes in bytes by path.
	Start(files map[string]int64)
	// Read tells how many bytes of a file were read.
	Read(path string, done int64)
	// End tells that a file is through.
	End(path string)
}

// Maker is who makes a generation.
type Maker struct {
	Host, Tool, Version string
	Authors             []mhl.Author
	Location, Comment   string
}

// CreateOptions say what the next generation is to record.
type CreateOptions struct {
	Maker
	Name          string   // of the root folder where its path is empty: a bucket's, a share's
	Process       string   // default: mhl.InPlace
	Formats       []string // default: xxh128
	NoFolders     bool     // record folders without their hashes
	DetectRenames bool     // find files under new names by their digests
	Only          []string // files and folders below the root; nothing else is looked at, and nothing counts as missing
	Ignore        []string // patterns beside those that the history has

	// Known gives digests that were computed a moment ago, so that the file is not read again. With it, files without one are left out. May be nil.
	Known func(path string) (connectors.Digests, bool)

	Parallel int // files read at once; default 4
	DryRun   bool
	Wait     bool // for another writer on this machine, rather than be refused
	Now      func() time.Time
	Progress Progress // may be nil
}

// A Kind of Finding.
type Kind string

// The kinds of findings.
const (
	Missing        Kind = "missing"        // recorded, and not there
	MissingFolder  Kind = "missing folder" // recorded, and not there; those that held files are told by the files
	Changed        Kind = "changed"        // there with another digest
	New            Kind = "new"            // there, and not recorded
	Renamed        Kind = "renamed"        // there under another name than recorded before
	FolderHash     Kind = "folder"         // its files or names are not those that its hash was made of
	UnreadableFile Kind = "unreadable"     // it could not be read to its end
	LostHistory    Kind = "lost history"   // a nested history that the last generation refers to is gone
)

// A Finding is one way in which files and history differ.
type Finding struct {
	Path   string `json:"path"`
	Kind   Kind   `json:"kind"`
	Detail string `json:"detail,omitempty"`
}

// A Written is a generation that was added, or would be in a rehearsal.
type Written struct {
	Folder string `json:"folder"` // of the history; "." is the root
	Number int    `json:"generation"`
	Path   string `json:"path"` // of the manifest, in the place
	C4     string `json:"c4"`
	Files  int    `json:"files"`
}

// A Report is what was found and done.
type Report struct {
	Root     string    `json:"root"`
	Files    int       `json:"files"` // looked at
	Bytes    int64     `json:"bytes"`
	Original int       `json:"original"` // files recorded for the first time
	Verified int       `json:"verified"` // files that are what the history says
	Findings []Finding `json:"findings"`
	Written  []Written `json:"written,omitempty"`
	Notes    []string  `json:"notes,omitempty"` // what is odd about the history, and no fault of the files
	Odd      []Odd     `json:"passedOver,omitempty"`
}

// Has tells whether there is a finding of one of the kinds.
func (r *Report) Has(kinds ...Kind) bool {
	for _, f := range r.Findings {
		for _, k := range kinds {
			if f.Kind == k {
				return true
			}
		}
	}
	return false
}

func (r *Report) found(kind Kind, path, detail string) {
	r.Findings = append(r.Findings, Finding{path, kind, detail})
}
