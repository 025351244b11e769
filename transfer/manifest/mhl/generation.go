package mhl

import "time"

// The processes that a generation can record.
const (
	Transfer = "transfer" // the files were copied to where the manifest lies
	InPlace  = "in-place" // they were hashed where they are
	Flatten  = "flatten"  // several histories were put together in one
)

// The actions that a digest can record.
const (
	Original = "original" // the first digest of the file
	Verified = "verified" // equal to an earlier one
	Failed   = "failed"   // different from an earlier one
)

// Coverage is what a generation tells of a folder.
type Coverage int

// The coverages.
const (
	Whole    Coverage = iota // all files, and the folders with their hashes
	Unhashed                 // all files, and the folders by name
	Partial                  // some files, and no folders
)

// Generation is one manifest: the files of a folder at one time.
type Generation struct {
	Root        string // the folder's name, one path element; names the manifest, is not in it
	Number      int    // 1 for the first; names the manifest, is not in it
	Created     time.Time
	Process     string // Transfer, InPlace or Flatten
	Host        string
	Tool        string
	ToolVersion string
	Authors     []Author
	Location    string
	Comment     string

	// Ignore holds patterns, as in .gitignore, of what the folder may hold besides. Build adds the standard's own (DefaultIgnore). Files that
	// match them are the caller's to leave out, but for those that match the standard's own, which Build leaves out.
	Ignore []string

	Coverage Coverage

	Files []File
	// Directories need only be given to Build for those that hold no file, or to record a time. Parse returns all, with their hashes.
	Directories []Directory
	// RootHash is what Parse found; Build computes it.
	RootHash   DirectoryHash
	References []Reference
}

// File is a file and its digests.
type File struct {
	Path         string // relative to the root, separated by slashes
	PreviousPath string // its path in the generation before, if it was renamed
	Size         int64  // bytes; -1 if a parsed manifest does not tell
	ModTime      time.Time

	Digests  map[string]string // by format: c4, md5, sha1, xxh128, xxh3, xxh64; lower-case hex, c4 as is
	Action   string            // Original (default), Verified or Failed
	HashDate time.Time         // default: the generation's Created
	Marks    map[string]Mark   // by format, of those digests that have another action or date
}

// Mark is what a single digest records besides its value.
type Mark struct {
	Action string
	Date   time.Time
}

// Mark returns the action and the date of one of the file's digests.
func (f File) Mark(format string) Mark {
	if m, ok := f.Marks[format]; ok {
		return m
	}
	return Mark{f.Action, f.HashDate}
}

// Directory is a folder below the root.
type Directory struct {
	Path    string
	ModTime time.Time
	Hash    DirectoryHash // computed by Build, unless Nested

	PreviousPath string // its path in the generation before, if it was renamed
	Nested       bool   // it has a history of its own, which holds its files, and Hash is that one's root hash
}

// DirectoryHash holds the two hashes of a directory, each by format.
type DirectoryHash struct {
	Content   map[string]string
	Structure map[string]string
}

// Author is a person who made the manifest.
type Author struct {
	Name  string `json:"name"`
	Email string `json:"email,omitempty"`
	Phone string `json:"phone,omitempty"`
	Role  string `json:"role,omitempty"`
}

// Reference names a manifest of another history below the root, and pins it.
type Reference struct{ Path, C4 string }

// DefaultIgnore returns the patterns that the standard ignores in every folder. The caller owns the slice.
func DefaultIgnore() []string { return []string{".DS_Store", "ascmhl", "ascmhl/"} }
