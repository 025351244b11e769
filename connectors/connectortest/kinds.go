package connectortest

import (
	"testing"

	"gantry/connectors"
)

// testFolderInTheWay uploads to the name of a folder, and below the name of a
// file. Where folders are only names it works; otherwise it is refused, and what
// was there stays.
func testFolderInTheWay(t *testing.T, s *stand) {
	s.put("folder/file", []byte("kept"))
	refusals := []connectors.Kind{connectors.KindExists, connectors.KindInvalid, connectors.KindUnsupported}
	for _, path := range []string{"folder", "folder/file/below", "folder/file/far/below"} {
		_, err := upload(s.ctx, s.place, path, []byte("x"), s.part, connectors.UploadOptions{Size: 1})
		if err != nil {
			s.fails("upload to "+path, err, refusals...)
			s.lists("", "folder/file")
		} else {
			s.holds(path, []byte("x"))
			if err := s.place.Remove(s.ctx, path); err != nil {
				t.Fatalf("remove %q: %v", path, err)
			}
		}
		s.holds("folder/file", []byte("kept"))
		renamer, ok := connectors.As[connectors.Renamer](s.place)
		if !ok {
			continue
		}
		s.put("moved", []byte("moved"))
		if err := renamer.Rename(s.ctx, "moved", path); err != nil {
			s.fails("rename to "+path, err, refusals...)
			s.holds("moved", []byte("moved"))
		}
		_ = s.place.Remove(s.ctx, path)
		_ = s.place.Remove(s.ctx, "moved")
		s.holds("folder/file", []byte("kept"))
	}
}
