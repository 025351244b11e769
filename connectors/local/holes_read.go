package local

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"syscall"
)

// hollow tells whether a file has holes that are worth to be passed over: it takes
// less room than its length.
func hollow(info fs.FileInfo) bool { return info.Size()-allocated(info) > 64<<10 }

// An extent is a stretch of a file that is data, or a hole.
type extent struct {
	end  int64
	hole bool
}

// extentAt asks the file system what is at an offset, and how far it goes. io.EOF
// at the end of the file.
func extentAt(f *os.File, at int64) (extent, error) {
	data, err := f.Seek(at, seekData)
	if errors.Is(err, syscall.ENXIO) { // no more data
		info, err := f.Stat()
		if err == nil && info.Size() <= at {
			err = io.EOF
		}
		if err != nil {
			return extent{}, err
		}
		return extent{info.Size(), true}, nil
	}
	if err != nil || data > at {
		return extent{data, true}, err
	}
	end, err := f.Seek(at, seekHole)
	return extent{end, false}, err
}

// A hollowReader reads a file without asking the disk for holes.
type hollowReader struct {
	f   *os.File
	at  int64
	now extent // where at is, if it is before its end
}

func (r *hollowReader) Read(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	if r.at >= r.now.end {
		var err error
		if r.now, err = extentAt(r.f, r.at); err != nil {
			return 0, err
		}
	}
	b = b[:min(int64(len(b)), r.now.end-r.at)]
	n, err := len(b), error(nil)
	if r.now.hole {
		clear(b)
	} else if n, err = r.f.ReadAt(b, r.at); n > 0 && err == io.EOF {
		err = nil // it was cut meanwhile: the next call tells
	}
	r.at += int64(n)
	return n, err
}
