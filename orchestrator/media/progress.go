package media

import (
	"math"
	"strconv"
	"strings"
)

// Progress is how far a QC or transcode has come. It is reported about twice a second, always from one goroutine;
// a callback that blocks holds up the progress, and in the end ffmpeg.
type Progress struct {
	Done  float64 `json:"done"`  // seconds of media that are through
	Total float64 `json:"total"` // seconds of media in all; 0 where unknown
	Speed float64 `json:"speed"` // times real time; 0 at the start
	FPS   float64 `json:"fps"`   // frames a second
}

// progressParser collects the key=value lines of ffmpeg's -progress into blocks.
type progressParser struct {
	now    Progress
	frames int64
	size   string
	moved  bool // since the last block
	emit   func(Progress, bool)
}

// line takes one line; at the end of a block it calls emit with whether anything has moved since the last.
func (p *progressParser) line(s string) {
	key, value, ok := strings.Cut(strings.TrimSpace(s), "=")
	if !ok {
		return
	}
	value = strings.TrimSpace(value)
	switch key {
	case "frame":
		if n, err := strconv.ParseInt(value, 10, 64); err == nil && n >= 0 {
			p.moved = p.moved || n != p.frames
			p.frames = n
		}
	case "total_size":
		p.moved = p.moved || value != p.size
		p.size = value
	case "out_time_us":
		if us, err := strconv.ParseInt(value, 10, 64); err == nil && us >= 0 {
			done := float64(us) / 1e6
			p.moved = p.moved || done != p.now.Done
			p.now.Done = max(done, p.now.Done)
		}
	case "fps":
		p.now.FPS = positive(value)
	case "speed":
		p.now.Speed = positive(strings.TrimSuffix(value, "x"))
	case "progress":
		p.emit(p.now, p.moved)
		p.moved = false
	}
}

func positive(s string) float64 {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) || f < 0 {
		return 0
	}
	return f
}
