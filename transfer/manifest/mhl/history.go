package mhl

import (
	"maps"
	"slices"
	"time"
)

// History is what the generations of one folder say together. Add them in order; then it may be read by many goroutines at once.
type History struct {
	Generations []Head
	// Doubts are contradictions between the generations, in words.
	Doubts []string

	files map[string]*Record
	dirs  map[string]*FolderRecord
}

// Head is a generation without its files.
type Head struct {
	Generation // without Files and Directories
	Link       Link

	FileCount, DirectoryCount int
	FailedCount               int   // of files
	Bytes                     int64 // of files
}

// Record is what a history says of one file.
type Record struct {
	Path    string            // now
	Was     []string          // earlier paths, the first one first
	Size    int64             // as recorded last; -1 if not told
	ModTime time.Time         // as recorded last
	First   map[string]Stamp  // by format, the first digest that has not failed
	Entries []RecordedDigests // all there is, in order
}

// Stamp is one digest, and the generation that recorded it.
type Stamp struct {
	Generation int
	Digest     string
	Mark
}

// RecordedDigests is what one generation says of a file.
type RecordedDigests struct {
	Generation int
	Path       string // then
	Digests    map[string]string
	Marks      map[string]Mark // of all of them
}

// FolderRecord is what a history says of one folder below its root.
type FolderRecord struct {
	Path       string
	Was        []string
	ModTime    time.Time
	Hash       DirectoryHash // as recorded last
	Generation int           // that recorded it last
	Nested     bool
}

// Add takes in the next generation, pinned by l. trace says whether all that is recorded of a file is kept, which takes memory for each
// generation; nil keeps none of it.
func (h *History) Add(g Generation, l Link, trace func(path string) bool) {
	if h.files == nil {
		h.files, h.dirs = map[string]*Record{}, map[string]*FolderRecord{}
	}
	head := Head{Generation: g, Link: l, FileCount: len(g.Files), DirectoryCount: len(g.Directories)}
	head.Number, head.Files, head.Directories = l.Number, nil, nil
	for _, f := range g.Files {
		head.Bytes += max(f.Size, 0)
		if f.Failed() {
			head.FailedCount++
		}
	}
	h.Generations = append(h.Generations, head)
	h.rename(g)
	for _, f := range g.Files {
		h.file(l.Number, f, trace)
	}
	for _, d := range g.Directories {
		r := h.dirs[d.Path]
		if r == nil {
			r = &FolderRecord{Path: d.Path}
			h.dirs[d.Path] = r
		}
		r.ModTime, r.Nested = d.ModTime, d.Nested
		if len(d.Hash.Content) > 0 {
			r.Hash, r.Generation = d.Hash, l.Number
		}
	}
}

// rename takes records to their new paths, all at once: two files may have changed places.
func (h *History) rename(g Generation) {
	moved := map[string]*Record{}
	for _, f := range g.Files {
		if r := h.files[f.PreviousPath]; f.PreviousPath != f.Path && r != nil {
			moved[f.PreviousPath] = r
		}
	}
	for was := range moved {
		delete(h.files, was)
	}
	for _, f := range g.Files {
		if r := moved[f.PreviousPath]; r != nil {
			renamed := *r
			renamed.Path, renamed.Was = f.Path, append(slices.Clone(r.Was), f.PreviousPath)
			renamed.First, renamed.Entries = maps.Clone(r.First), slices.Clone(r.Entries)
			h.files[f.Path] = &renamed
		}
	}
	movedDirs := map[string]*FolderRecord{}
	for _, d := range g.Directories {
		if r := h.dirs[d.PreviousPath]; d.PreviousPath != d.Path && r != nil {
			movedDirs[d.PreviousPath] = r
		}
	}
	for was := range movedDirs {
		delete(h.dirs, was)
	}
	for _, d := range g.Directories {
		if r := movedDirs[d.PreviousPath]; r != nil {
			renamed := *r
			renamed.Path, renamed.Was = d.Path, append(slices.Clone(r.Was), d.PreviousPath)
			h.dirs[d.Path] = &renamed
		}
	}
}

func (h *History) file(number int, f File, trace func(string) bool) {
	r := h.files[f.Path]
	if r == nil {
		r = &Record{Path: f.Path, First: map[string]Stamp{}}
		h.files[f.Path] = r
	}
	if !f.Failed() {
		r.Size, r.ModTime = f.Size, f.ModTime
	}
	for _, format := range formats {
		d, ok := f.Digests[format.name]
		mark := f.Mark(format.name)
		if !ok || mark.Action == Failed {
			continue
		}
		if first, had := r.First[format.name]; !had {
			r.First[format.name] = Stamp{number, d, mark}
		} else if first.Digest != d {
			h.Doubts = append(h.Doubts, doubt(f.Path, format.name, mark.Action, number, first.Generation))
		}
	}
	if trace != nil && trace(f.Path) {
		e := RecordedDigests{number, f.Path, f.Digests, map[string]Mark{}}
		for format := range f.Digests {
			e.Marks[format] = f.Mark(format)
		}
		r.Entries = append(r.Entries, e)
	}
}

// File returns the record of the file that is at path now; nil if there is none.
func (h *History) File(path string) *Record { return h.files[path] }

// Folder returns the record of the folder that is at path now; nil if there is none.
func (h *History) Folder(path string) *FolderRecord { return h.dirs[path] }

// Files lists the paths of all files that the history knows, sorted.
func (h *History) Files() []string { return slices.Sorted(maps.Keys(h.files)) }

// Folders lists the paths of all folders that the history knows, sorted.
func (h *History) Folders() []string { return slices.Sorted(maps.Keys(h.dirs)) }

// Last returns the latest generation; false for a history without any.
func (h *History) Last() (Head, bool) {
	if len(h.Generations) == 0 {
		return Head{}, false
	}
	return h.Generations[len(h.Generations)-1], true
}

// Ignore returns the patterns that the latest generation was made with, or else the standard's own. The caller owns the slice.
func (h *History) Ignore() []string {
	if last, ok := h.Last(); ok && len(last.Ignore) > 0 {
		return slices.Clone(last.Generation.Ignore)
	}
	return DefaultIgnore()
}
