package connectortest

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"gantry/connectors"
)

// dropBox are the tests of a place that can be sent to and not looked at. They
// look behind the server's back.
var dropBox = []test{
	{"DropBox/Arrives", testDropArrives},
	{"DropBox/Resume", testDropResume},
	{"DropBox/ShortReader", testDropShort},
	{"DropBox/AbortLeavesNothing", testDropAbort},
}

func testDropArrives(t *testing.T, s *stand) {
	s.needDisk()
	for path, size := range map[string]int64{"empty": 0, "one": 1, "day/clip.mxf": 2*s.part + 7, "a b#c;d.mov": s.part} {
		data := content(path, size)
		entry := s.put(path, data)
		if entry.Path != path || entry.Size != size {
			t.Errorf("commit of %q returned %q, %d bytes; want %d", path, entry.Path, entry.Size, size)
		}
		s.onDiskIs(path, data)
	}
	for _, path := range []string{"", "../x", "/x", "a//b", "x\x00"} {
		_, err := s.place.Begin(s.ctx, path, connectors.UploadOptions{Size: 1})
		s.fails("begin "+path, err, connectors.KindInvalid)
	}
}

func testDropResume(t *testing.T, s *stand) {
	s.needDisk()
	data := content("resume", 2*s.part+7)
	parts := cut(data, s.part)
	up := s.begin("clip", data)
	written := s.write(up, data, parts[0])
	id := up.ID()
	s.reopen()
	up, err := s.place.Begin(s.ctx, "clip", connectors.UploadOptions{Size: int64(len(data)), Resume: id})
	if err != nil {
		// Where nobody can look, nobody may know what arrived: begin again.
		s.fails("take up "+id, err, connectors.KindNotFound, connectors.KindUnsupported)
		s.put("clip", data)
	} else {
		written = append(written, s.write(up, data, parts[1:]...)...)
		if _, err := up.Commit(s.ctx, whole(data, written)); err != nil {
			t.Fatalf("commit: %v", err)
		}
	}
	s.onDiskIs("clip", data)
}

func testDropShort(_ *testing.T, s *stand) {
	data := content("short", s.part)
	up := s.begin("clip", data)
	_, err := up.WritePart(s.ctx, cut(data, s.part)[0], bytes.NewReader(data[:s.part-1]))
	s.fails("write a part from a reader that is one byte short", err)
	_, err = up.Commit(s.ctx, whole(data, cut(data, s.part)))
	s.fails("commit a part that came out short", err)
}

func testDropAbort(t *testing.T, s *stand) {
	s.needDisk()
	data := content("abort", 2*s.part)
	up := s.begin("clip", data)
	s.write(up, data, cut(data, s.part)[0])
	if err := up.Abort(s.ctx); err != nil {
		s.fails("abort", err, connectors.KindPermission, connectors.KindUnsupported)
		t.Logf("the place does not let it be removed, and says so: %v", err)
		return
	}
	s.nothingLeft()
}

func (s *stand) onDiskIs(path string, data []byte) {
	s.t.Helper()
	got, err := os.ReadFile(filepath.Join(s.site.Dir, path))
	if err != nil || !bytes.Equal(got, data) {
		s.t.Fatalf("%q holds %d bytes, %v; %d were sent, or others", path, len(got), err, len(data))
	}
}
