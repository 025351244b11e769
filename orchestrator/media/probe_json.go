package media

import (
	"math"
	"strconv"
	"strings"
)

// The parts of ffprobe's JSON that are used. Numbers come as strings where they may be missing.
type probeJSON struct {
	Streams []streamJSON `json:"streams"`
	Format  formatJSON   `json:"format"`
	Frames  []frameJSON  `json:"frames"`
}

type formatJSON struct {
	StartTime string            `json:"start_time"`
	Duration  string            `json:"duration"`
	BitRate   string            `json:"bit_rate"`
	Tags      map[string]string `json:"tags"`
}

type streamJSON struct {
	Index            int               `json:"index"`
	CodecName        string            `json:"codec_name"`
	CodecType        string            `json:"codec_type"`
	CodecTag         string            `json:"codec_tag_string"`
	Profile          string            `json:"profile"`
	Width            int               `json:"width"`
	Height           int               `json:"height"`
	SampleAspect     string            `json:"sample_aspect_ratio"`
	DisplayAspect    string            `json:"display_aspect_ratio"`
	PixFmt           string            `json:"pix_fmt"`
	FieldOrder       string            `json:"field_order"`
	ColorRange       string            `json:"color_range"`
	ColorSpace       string            `json:"color_space"`
	ColorTransfer    string            `json:"color_transfer"`
	ColorPrimaries   string            `json:"color_primaries"`
	RFrameRate       string            `json:"r_frame_rate"`
	AvgFrameRate     string            `json:"avg_frame_rate"`
	StartTime        string            `json:"start_time"`
	Duration         string            `json:"duration"`
	BitRate          string            `json:"bit_rate"`
	BitsPerRawSample string            `json:"bits_per_raw_sample"`
	BitsPerSample    int               `json:"bits_per_sample"`
	NbFrames         string            `json:"nb_frames"`
	SampleRate       string            `json:"sample_rate"`
	Channels         int               `json:"channels"`
	ChannelLayout    string            `json:"channel_layout"`
	Disposition      map[string]int    `json:"disposition"`
	Tags             map[string]string `json:"tags"`
	SideData         []sideDataJSON    `json:"side_data_list"`
}

type frameJSON struct {
	Interlaced    int            `json:"interlaced_frame"`
	TopFieldFirst int            `json:"top_field_first"`
	SideData      []sideDataJSON `json:"side_data_list"`
}

type sideDataJSON struct {
	Type      string          `json:"side_data_type"`
	Rotation  float64         `json:"rotation"`
	Timecode  string          `json:"timecode"`
	Timecodes []timecodeEntry `json:"timecodes"`
}

type timecodeEntry struct {
	Value string `json:"value"`
}

// seconds reads a time; missing, negative or absurd ones are 0.
func seconds(s string) float64 {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(f) || f < 0 || f > 1e9 {
		return 0
	}
	return f
}

func integer(s string) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// parseAspect reads "16:11"; 0 if it is none.
func parseAspect(s string) float64 {
	a, b, _ := strings.Cut(s, ":")
	x, y := integer(a), integer(b)
	if x == 0 || y == 0 {
		return 0
	}
	return float64(x) / float64(y)
}

// pixelDepth is the number of bits of one sample, found in the name of a pixel format.
func pixelDepth(format string) int {
	name := strings.TrimSuffix(strings.TrimSuffix(format, "le"), "be")
	switch {
	case format == "":
		return 0
	case name == "p010" || name == "p210" || name == "x2rgb10":
		return 10
	case strings.HasSuffix(name, "48"), strings.HasSuffix(name, "64"), name == "p016", name == "p216":
		return 16
	}
	for _, depth := range []int{9, 10, 12, 14, 16} {
		for _, before := range []string{"p", "gray", "gbrap", "xyz"} {
			if strings.HasSuffix(name, before+strconv.Itoa(depth)) {
				return depth
			}
		}
	}
	return 8
}
