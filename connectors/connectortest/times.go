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
		time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC),                    // a camera without a clock
		time.Now().AddDate(1, 0, 0).Truncate(time.Hour).Add(123456789), // next year
		time.Date(2037, 6, 1, 12, 0, 0, 0, time.FixedZone("", 2*3600)),
	} {
		for from, got := range s.dated(when) {
			if off := got.Sub(when).Abs(); off >= precision && off > 0 {
				t.Errorf("%s says %v, %v off %v; Traits promise %v", from, got, off, when, precision)
			}
		}
	}
	before := time.Now().Add(-time.Minute)
	if now := s.put("now", nil); now.ModTime.Before(before) {
		t.Errorf("a file without a time is dated %v", now.ModTime)
	}
}

// testStrangeTimes sends times that some places cannot keep: what becomes of them
// is nearer to now, never beyond it as a number that overflows, and every call says
// the same.
func testStrangeTimes(t *testing.T, s *stand) {
	precision := s.place.Traits().TimePrecision
	if precision == 0 {
		t.Skip("the place cannot set modification times (Traits.TimePrecision)")
	}
	for _, when := range []time.Time{
		time.Date(1965, 3, 14, 1, 59, 26, 0, time.UTC), time.Date(1969, 12, 31, 23, 59, 59, 500_000_000, time.UTC), time.Unix(0, 0),
		time.Date(2038, 1, 19, 3, 14, 8, 0, time.UTC), time.Date(2107, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(1601, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC),
	} {
		began := time.Now()
		dated := s.dated(when)
		for from, got := range dated {
			if early, late := order(when, began); got.Before(early.Add(-precision)) || got.After(late.Add(time.Minute)) {
				t.Errorf("%s dates %v as %v", from, when, got)
			}
			if off := got.Sub(dated["stat"]).Abs(); off >= precision && off > 0 {
				t.Errorf("%s dates %v as %v; stat as %v", from, when, got, dated["stat"])
			}
		}
	}
}

// dated uploads a file of a time, and tells what each call says that it is.
func (s *stand) dated(when time.Time) map[string]time.Time {
	s.t.Helper()
	committed := s.putWith(s.place, "clip", []byte("x"), connectors.UploadOptions{ModTime: when})
	stat, err := s.place.Stat(s.ctx, "clip")
	if err != nil {
		s.t.Fatal(err)
	}
	entries, _ := s.list("")
	return map[string]time.Time{"commit": committed.ModTime, "stat": stat.ModTime, "list": entries[0].ModTime}
}

func order(a, b time.Time) (early, late time.Time) {
	if b.Before(a) {
		return b, a
	}
	return a, b
}
