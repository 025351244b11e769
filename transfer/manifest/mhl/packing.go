package mhl

import (
	"fmt"
	"time"
)

// PackingListName names a packing list of a folder: a manifest that lies outside of its history.
func PackingListName(root string, created time.Time) string {
	return fmt.Sprintf("packinglist_%s_%s%s", root, created.UTC().Format("2006-01-02_150405Z"), Extension)
}

// CollectionFolder names the folder that packing lists of a day go to.
func CollectionFolder(created time.Time) string {
	return "collection_" + created.UTC().Format("2006-01-02")
}

// Flat lists the files of a history as they are known now, with the first digest of each format and what was recorded with it, their paths
// below prefix ("" for none).
func (h *History) Flat(prefix string) []File {
	var files []File
	for _, path := range h.Files() {
		r := h.files[path]
		if len(r.First) == 0 {
			continue // nothing but failures
		}
		f := r.Known()
		f.Path = prefix + f.Path
		files = append(files, f)
	}
	return files
}

// Known is the file as the history knows it, with the first digest of each format.
func (r *Record) Known() File {
	f := File{Path: r.Path, Size: r.Size, ModTime: r.ModTime, Digests: map[string]string{}}
	for _, format := range formats {
		s, ok := r.First[format.name]
		if !ok {
			continue
		}
		f.Digests[format.name] = s.Digest
		if f.Action == "" {
			f.Action, f.HashDate = s.Action, s.Date
		} else if (s.Mark != Mark{f.Action, f.HashDate}) {
			if f.Marks == nil {
				f.Marks = map[string]Mark{}
			}
			f.Marks[format.name] = s.Mark
		}
	}
	return f
}
