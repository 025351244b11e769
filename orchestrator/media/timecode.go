package media

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
)

var timecodePattern = regexp.MustCompile(`^(\d{2}):(\d{2}):(\d{2})([:;.])(\d{2,3})$`)

// TimecodeAt is the SMPTE ST 12 timecode of the frame that begins nearest to the given second of a clip, which starts at
// the timecode start ("" counts as 00:00:00:00) and runs at frameRate ("25/1"). A start with a semicolon counts in
// drop-frame. It returns "" when the rate or the start make no sense.
func TimecodeAt(start, frameRate string, seconds float64) string {
	r := parseRate(frameRate)
	if !r.valid() || r.fps() > 300 || seconds < 0 || seconds > 1e7 {
		return ""
	}
	part, drop, ok := readTimecode(orElse(start, "00:00:00:00"), r)
	base := int64(math.Round(r.fps()))
	if !ok || base == 0 {
		return ""
	}
	n := toFrames(part, base, drop) + int64(math.Round(seconds*r.fps()))
	return fromFrames(n, base, drop)
}

// readTimecode takes a timecode apart: hours, minutes, seconds, frames. Drop-frame is for 29.97 and 59.94 only.
func readTimecode(s string, r rate) (part [4]int64, drop, ok bool) {
	m := timecodePattern.FindStringSubmatch(s)
	if m == nil {
		return part, false, false
	}
	for i, s := range []string{m[1], m[2], m[3], m[5]} {
		part[i], _ = strconv.ParseInt(s, 10, 64)
	}
	drop = m[4] != ":" && r.den == 1001 && int64(math.Round(r.fps()))%30 == 0
	return part, drop, true
}

// keptTimecode is the timecode that a rendition gets: that of the source, if the container holds one, the frames are
// counted alike, and the source's makes sense.
func keptTimecode(src Info, p Profile, r rate) string {
	if p.Container == "mp4" || src.Timecode == "" || !parseRate(src.Video[0].FrameRate).near(r, 0.0001) {
		return ""
	}
	t, drop, ok := readTimecode(src.Timecode, r)
	if !ok || t[0] > 23 || t[1] > 59 || t[2] > 59 || float64(t[3]) >= r.fps() {
		return ""
	}
	mark := ":"
	if drop {
		mark = ";"
	}
	return fmt.Sprintf("%02d:%02d:%02d%s%02d", t[0], t[1], t[2], mark, t[3])
}

// dropped is how many numbers drop-frame timecode leaves out at each minute but the tenth.
func dropped(base int64) int64 { return base / 15 }

func toFrames(p [4]int64, base int64, drop bool) int64 {
	n := ((p[0]*60+p[1])*60+p[2])*base + p[3]
	if drop {
		minutes := p[0]*60 + p[1]
		n -= dropped(base) * (minutes - minutes/10)
	}
	return n
}

func fromFrames(n, base int64, drop bool) string {
	mark := ":"
	day := 24 * 3600 * base
	if drop {
		mark = ";"
		d := dropped(base)
		perMinute, perTen := 60*base-d, 600*base-9*d
		day = 144 * perTen
		n %= day
		tens, rest := n/perTen, n%perTen
		n += 9 * d * tens
		if rest >= d {
			n += d * ((rest - d) / perMinute)
		}
	} else {
		n %= day
	}
	s := n / base
	return fmt.Sprintf("%02d:%02d:%02d%s%02d", s/3600%24, s/60%60, s%60, mark, n%base)
}
