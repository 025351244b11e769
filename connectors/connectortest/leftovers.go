package connectortest

import (
	"bytes"
	"slices"
	"testing"

	"gantry/connectors"
)

// testAbortLeavesNothing looks into the folder itself, also for what listings hide.
func testAbortLeavesNothing(t *testing.T, s *stand) {
	s.needDisk()
	data := content("abort", 2*s.part)
	parts := cut(data, s.part)
	begun, partial, complete := s.begin("begun", data), s.begin("a/b/partial", data), s.begin("complete", data)
	s.write(partial, data, parts[0])
	_, err := partial.WritePart(s.ctx, parts[1], bytes.NewReader(data[:10]))
	s.fails("write a part from a short reader", err)
	s.write(complete, data, parts...)
	for _, left := range s.leftOnDisk() {
		if slices.Contains([]string{"begun", "a/b/partial", "complete"}, left) {
			t.Errorf("%q has its name before it is committed", left)
		}
	}
	for _, up := range []connectors.Upload{begun, partial, complete} {
		if err := up.Abort(s.ctx); err != nil {
			t.Fatalf("abort: %v", err)
		}
	}
	s.nothingLeft()
}

// testCommitLeavesNothing is the same for what was committed.
func testCommitLeavesNothing(t *testing.T, s *stand) {
	s.needDisk()
	s.put("day/clip.mxf", content("one", s.part+1))
	s.put("day/clip.mxf", content("two", s.part+2))
	s.put("empty", nil)
	s.nothingLeft("day/clip.mxf", "empty")
}

func (s *stand) nothingLeft(kept ...string) {
	s.t.Helper()
	s.reopen()
	if err := s.place.Close(); err != nil {
		s.t.Fatalf("close: %v", err)
	}
	if left := s.leftOnDisk(kept...); len(left) > 0 {
		s.t.Errorf("the place's folder still holds %q", left)
	}
}
