package media

import (
	"fmt"
	"math"
	"slices"
)

// encoder is a picture codec that a profile may name.
type encoder struct {
	profiles     []string
	pixelFormats []string
	presets      []string
	interlaced   bool // it can keep fields
	minWidth     int  // of the picture
	minHeight    int
	args         func(v VideoOut, r rate, interlaced bool) []string // ffmpeg's options, without rates and sizes
}

var proresProfiles = []string{"proxy", "lt", "standard", "hq"}

var encoders = map[string]encoder{
	"h264": {
		profiles:     []string{"baseline", "main", "high", "high10", "high422"},
		pixelFormats: []string{"yuv420p", "yuv422p", "yuv420p10le", "yuv422p10le"},
		presets:      []string{"ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower"},
		interlaced:   true,
		args:         h264Args,
	},
	"prores": {
		profiles:     proresProfiles,
		pixelFormats: []string{"yuv422p10le"},
		interlaced:   true,
		args: func(v VideoOut, _ rate, interlaced bool) []string {
			// prores_aw takes a quarter of the processor time of prores_ks. It knows profiles by number.
			number := slices.Index(proresProfiles, orElse(v.Profile, "hq"))
			args := []string{"-c:v", "prores_aw", "-profile:v", fmt.Sprint(number), "-vendor", "apl0"}
			if interlaced {
				args = append(args, "-flags:v", "+ildct")
			}
			return args
		},
	},
	"dnxhr": {
		profiles:     []string{"dnxhr_lb", "dnxhr_sq", "dnxhr_hq"},
		pixelFormats: []string{"yuv422p"},
		minWidth:     256, minHeight: 120,
		args: func(v VideoOut, _ rate, _ bool) []string {
			return []string{"-c:v", "dnxhd", "-profile:v", orElse(v.Profile, "dnxhr_hq")}
		},
	},
}

func h264Args(v VideoOut, r rate, interlaced bool) []string {
	args := []string{"-c:v", "libx264", "-preset", orElse(v.Preset, "veryfast")}
	if v.Profile != "" {
		args = append(args, "-profile:v", v.Profile)
	}
	if v.Level != "" {
		args = append(args, "-level:v", v.Level)
	}
	switch {
	case v.BitRate > 0:
		args = append(args, "-b:v", fmt.Sprint(int64(v.BitRate)))
	case v.CRF > 0:
		args = append(args, "-crf", fmt.Sprint(v.CRF))
	}
	if v.MaxRate > 0 {
		args = append(args, "-maxrate", fmt.Sprint(int64(v.MaxRate)), "-bufsize", fmt.Sprint(2*int64(v.MaxRate)))
	}
	if v.GOPSeconds > 0 {
		// Fixed, without key frames at cuts: so the rungs of a ladder can be switched anywhere.
		g := fmt.Sprint(gop(v.GOPSeconds, r))
		args = append(args, "-g", g, "-keyint_min", g, "-sc_threshold", "0")
	}
	if v.BFrames != nil {
		args = append(args, "-bf", fmt.Sprint(*v.BFrames))
	}
	if interlaced {
		args = append(args, "-flags:v", "+ildct+ilme")
	}
	return args
}

// gop is a number of frames.
func gop(seconds float64, r rate) int { return max(1, int(math.Round(seconds*r.fps()))) }

// audioEncoders are the sound codecs that a profile may name.
var audioEncoders = map[string]string{"aac": "aac", "pcm16": "pcm_s16le", "pcm24": "pcm_s24le"}
