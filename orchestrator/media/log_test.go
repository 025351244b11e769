package media

import "testing"

func TestWhatFfmpegLogsAsAnErrorAndIsNone(t *testing.T) {
	for line, errors := range map[string]int{
		"[mxf @ 0x55d0] [error] index entry 74 + TemporalOffset 1 = 75, which is out of bounds": 0,
		"[mxf @ 0x55d0] [error] IndexDuration of 0 on interleaved file with no Partition":       1,
		"[h264 @ 0x55d0] [error] error while decoding MB 12 7, bytestream -5":                   1,
		"[mpeg2video @ 0x55d0] [warning] index entry 74":                                        0,
	} {
		var m measured
		m.line(parseLog(line))
		if m.errors != errors {
			t.Errorf("%s\n  counts as %d errors, want %d", line, m.errors, errors)
		}
	}
}
