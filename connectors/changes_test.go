package connectors

import (
	"testing"
	"time"
)

func TestWhatHasChanged(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	was := Entry{Size: 150, ModTime: at, Version: "1"}
	for want, is := range map[string]Entry{
		"it was 150 bytes, and now 100": {Size: 100, ModTime: at},
		"it was modified at 2026-05-01T12:00:00.000Z, and now at 2026-05-01T12:00:01.000Z":                         {Size: 150, ModTime: at.Add(time.Second)},
		"it was 150 bytes, and now 100; modified at 2026-05-01T12:00:00.000Z, and now at 2026-05-01T12:00:01.000Z": {Size: 100, ModTime: at.Add(time.Second)},
		"size and time are as they were, and its identity is another":                                              {Size: 150, ModTime: at, Version: "2"},
	} {
		if got := Differences(was, is); got != want {
			t.Errorf("%q, not %q", got, want)
		}
	}
}
