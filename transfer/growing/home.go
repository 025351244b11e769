package growing

import (
	"os"
	"path/filepath"
	"time"
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

// rested is how long the file has not been changed, by the times that nobody can set
// and the clock that gives them; 0 where the system keeps none.
func (f *File) rested() time.Duration {
	info, err := os.Stat(f.disk)
	if err != nil {
		return 0
	}
	changed, ok := changedAt(info)
	if !ok {
		return 0
	}
	return max(0, f.o.Now().Sub(changed))
}
