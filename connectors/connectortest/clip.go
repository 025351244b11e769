package connectortest

import (
	"bytes"
	"io"
	"os"
	"testing"

	"gantry/connectors"
)

// The clip is what a connector's own tests upload: clipParts parts of ClipPart bytes,
// each full of its number.
const (
	ClipPart  = 300 << 10
	clipParts = 4
)

// Part is one of the clip's parts, from 1 on.
func Part(number int) connectors.Part {
	return connectors.Part{Number: number, Offset: int64(number-1) * ClipPart, Size: ClipPart}
}

// Frames are the bytes of one of the clip's parts.
func Frames(number int) []byte { return bytes.Repeat([]byte{byte(number)}, ClipPart) }

// Clip is the whole that a commit shows.
func Clip() connectors.Whole {
	return connectors.Whole{Parts: []connectors.Part{Part(1), Part(2), Part(3), Part(4)}, Size: clipParts * ClipPart}
}

// Begin begins an upload of the clip, or takes up the one with the ID resume.
func Begin(t *testing.T, place connectors.Place, path, resume string) connectors.Upload {
	t.Helper()
	up, err := place.Begin(t.Context(), path, connectors.UploadOptions{Size: clipParts * ClipPart, Resume: resume})
	Must(t, err)
	return up
}

// Write sends some of the clip's parts.
func Write(t *testing.T, up connectors.Upload, numbers ...int) {
	t.Helper()
	for _, number := range numbers {
		_, err := up.WritePart(t.Context(), Part(number), bytes.NewReader(Frames(number)))
		Must(t, err)
	}
}

// Commit shows the clip.
func Commit(t *testing.T, up connectors.Upload) {
	t.Helper()
	entry, err := up.Commit(t.Context(), Clip())
	Must(t, err)
	if entry.Size != clipParts*ClipPart {
		t.Fatalf("commit returned %+v", entry)
	}
}

// WantClip looks for the clip in a file of this machine.
func WantClip(t *testing.T, file string) {
	t.Helper()
	data, err := os.ReadFile(file)
	Must(t, err)
	if !bytes.Equal(data, bytes.Join([][]byte{Frames(1), Frames(2), Frames(3), Frames(4)}, nil)) {
		t.Fatalf("%s holds other bytes than were sent (%d of them)", file, len(data))
	}
}

// Must ends the test at an error.
func Must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// WantKind ends the test unless the error is of the kind.
func WantKind(t *testing.T, what string, err error, kind connectors.Kind) {
	t.Helper()
	if connectors.KindOf(err) != kind {
		t.Fatalf("%s: %v; want kind %q", what, err, kind)
	}
}

// During gives the content of a part that calls do once so many reads have been asked for.
func During(content []byte, reads int, do func()) io.ReadSeeker {
	return &during{bytes.NewReader(content), reads, do}
}

type during struct {
	io.ReadSeeker
	reads int
	do    func()
}

func (d *during) Read(p []byte) (int, error) {
	if d.reads--; d.reads == 0 {
		d.do()
	}
	return d.ReadSeeker.Read(p[:min(len(p), 10<<10)])
}
