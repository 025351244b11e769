package connectors

import "time"

// An Entry is one file of a place, as the place tells it.
type Entry struct {
	Path    string    `json:"path"` // slash-separated, relative to the location's root
	Size    int64     `json:"size"` // bytes
	ModTime time.Time `json:"modTime"`
	Version string    `json:"version,omitempty"` // changes whenever the content does, as far as the place can tell; compared only for equality
	Digests Digests   `json:"digests,omitempty"` // the place's own digests of the whole file
	Stated  Digests   `json:"stated,omitempty"`  // what an uploader has left beside the file; the place does not vouch for it: good to find a difference by, and never a proof
}

// SameVersion tells whether two entries are the same content as far as size,
// modification time and version can tell.
func (e Entry) SameVersion(o Entry) bool {
	return e.Size == o.Size && e.ModTime.Equal(o.ModTime) && e.Version == o.Version
}
