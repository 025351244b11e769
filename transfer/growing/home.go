package growing

import (
	"os"
	"path/filepath"
)

// remember notes which folder the file is in, as soon as it is seen there.
func (f *File) remember() {
	if f.home != nil || f.disk == "" {
		return
	}
	if info, err := os.Stat(filepath.Dir(f.disk)); err == nil {
		f.home = info
	}
}

// missed is the sighting of a file that is not there. It is away, and not deleted,
// while its folder is not there, or is another one: an empty mount point.
func (f *File) missed() sighting {
	if f.home == nil {
		return sighting{}
	}
	info, err := os.Stat(filepath.Dir(f.disk))
	return sighting{away: err != nil || !os.SameFile(info, f.home)}
}
