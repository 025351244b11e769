package connectortest

import (
	"testing"

	"gantry/connectors"
)

var hostile = []string{
	"", "/", "/x", "//x", "..", "../x", "a/..", "a/../../b", "a/../b", "./x", "a/.", "a//b", "a/", ".", "x\x00", "\x00", "．．/x", "a/‥/b", "a／..／b",
}

func testHostilePaths(_ *testing.T, s *stand) {
	s.put("file", []byte("x"))
	for _, path := range hostile {
		_, err := s.place.Stat(s.ctx, path)
		s.fails("stat "+path, err, connectors.KindInvalid)
		_, err = s.read(path, 0, -1)
		s.fails("open "+path, err, connectors.KindInvalid)
		_, err = s.place.Begin(s.ctx, path, connectors.UploadOptions{Size: 1})
		s.fails("begin "+path, err, connectors.KindInvalid)
		s.fails("remove "+path, s.place.Remove(s.ctx, path), connectors.KindInvalid)
		if path != "" {
			s.fails("list "+path, listError(s, path), connectors.KindInvalid)
		}
		if renamer, ok := connectors.As[connectors.Renamer](s.place); ok {
			s.fails("rename from "+path, renamer.Rename(s.ctx, path, "x"), connectors.KindInvalid)
			s.fails("rename to "+path, renamer.Rename(s.ctx, "file", path), connectors.KindInvalid)
		}
		if copier, ok := connectors.As[connectors.Copier](s.place); ok {
			_, err := copier.Copy(s.ctx, path, "x")
			s.fails("copy from "+path, err, connectors.KindInvalid)
			_, err = copier.Copy(s.ctx, "file", path)
			s.fails("copy to "+path, err, connectors.KindInvalid)
		}
		if hasher, ok := connectors.As[connectors.Hasher](s.place); ok {
			_, err := hasher.Hash(s.ctx, path, connectors.SHA256)
			s.fails("hash "+path, err, connectors.KindInvalid)
		}
	}
	s.lists("", "file")
}

func listError(s *stand, prefix string) error {
	for _, err := range s.place.List(s.ctx, prefix) {
		if err != nil {
			return err
		}
	}
	return nil
}
