package local

import "os"

const (
	// longRead is from how many bytes on a stream is worth a larger read-ahead,
	// which makes a cold file a quarter faster and cheaper.
	longRead = 1 << 20

	// hugeFile is from how many bytes on a file leaves the memory of the system
	// behind the reader, so that it does not drive out what others use. It would
	// not stay there until somebody reads it again anyway.
	hugeFile = 2 << 30
	dropStep = 16 << 20
)

// behind forgets what was read of a huge file.
type behind struct {
	f       *os.File
	dropped int64 // up to where
	at      int64
}

// advise tells the system how a file is going to be read. nil = it is not huge.
func advise(f *os.File, size, offset, length int64) *behind {
	if length < 0 || length > size-offset {
		length = size - offset
	}
	if length >= longRead {
		readAhead(f)
	}
	if size < hugeFile {
		return nil
	}
	return &behind{f: f, dropped: offset, at: offset}
}

func (b *behind) read(n int) {
	if b == nil {
		return
	}
	if b.at += int64(n); b.at-b.dropped >= dropStep {
		forget(b.f, span{b.dropped, b.at})
		b.dropped = b.at
	}
}
