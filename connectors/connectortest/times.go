package connectortest

import (
	"testing"
	"time"

	"gantry/connectors"
)

func testModTime(t *testing.T, s *stand) {
	precision := s.place.Traits().TimePrecision
	if precision == 0 {
		t.Skip("the place cannot set modification times (Traits.TimePrecision)")
	}
	for _, when := range []time.Time{
		time.Date(2024, 2, 29, 23, 59, 59, 987654321, time.UTC),
		time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC), // a camera without a clock
		time.Date(2037, 6, 1, 12, 0, 0, 0, time.FixedZone("", 2*3600)),
	} {
		committed := s.putWith(s.place, "clip", []byte("x"), connectors.UploadOptions{ModTime: when})
		stat, err := s.place.Stat(s.ctx, "clip")
		if err != nil {
			t.Fatal(err)
		}
		entries, _ := s.list("")
		for from, entry := range map[string]connectors.Entry{"commit": committed, "stat": stat, "list": entries[0]} {
			if off := entry.ModTime.Sub(when).Abs(); off >= precision && off > 0 {
				t.Errorf("%s says %v, %v off %v; Traits promise %v", from, entry.ModTime, off, when, precision)
			}
		}
	}
	before := time.Now().Add(-time.Minute)
	if now := s.put("now", nil); now.ModTime.Before(before) {
		t.Errorf("a file without a time is dated %v", now.ModTime)
	}
}
