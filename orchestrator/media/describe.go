package media

import (
	"fmt"
	"math"
	"strings"
)

// describe turns ffprobe's answer into an Info.
func describe(doc probeJSON, in input) Info {
	info := Info{
		Container: in.Name, Size: in.size,
		Duration: seconds(doc.Format.Duration), BitRate: integer(doc.Format.BitRate),
		Timecode: timecodeTag(doc.Format.Tags),
		Video:    []VideoStream{}, Audio: []AudioStream{}, Data: []DataStream{},
	}
	start, _ := parseSigned(doc.Format.StartTime)
	for _, s := range doc.Streams {
		switch {
		case s.CodecType == "video" && s.Disposition["attached_pic"] == 1:
			info.Data = append(info.Data, DataStream{Index: s.Index, Type: "picture", Codec: s.CodecName})
		case s.CodecType == "video":
			v, warnings := describeVideo(s, start)
			info.Video = append(info.Video, v)
			info.Warnings = append(info.Warnings, warnings...)
		case s.CodecType == "audio":
			info.Audio = append(info.Audio, describeAudio(s, start))
		default:
			info.Data = append(info.Data, DataStream{
				Index: s.Index, Type: s.CodecType, Codec: orElse(s.CodecName, strings.Trim(s.CodecTag, "[]0")),
				Timecode: timecodeTag(s.Tags), Language: language(s.Tags),
			})
		}
		if info.Timecode == "" {
			info.Timecode = timecodeTag(s.Tags)
		}
	}
	if info.Duration == 0 {
		for _, v := range info.Video {
			info.Duration = max(info.Duration, v.Duration)
		}
		for _, a := range info.Audio {
			info.Duration = max(info.Duration, a.Duration)
		}
	}
	if info.Duration == 0 && !strings.HasSuffix(in.Demuxer, "_pipe") {
		info.Warnings = append(info.Warnings, "the file does not say how long it is")
	}
	return info
}

func describeVideo(s streamJSON, start float64) (VideoStream, []string) {
	var warnings []string
	r, variable := frameRate(s)
	if variable {
		warnings = append(warnings, fmt.Sprintf("stream %d has a variable frame rate, about %.3g a second", s.Index, r.fps()))
	}
	v := VideoStream{
		Index: s.Index, Codec: s.CodecName, Profile: known(s.Profile), Width: s.Width, Height: s.Height,
		FrameRate: r.String(), FPS: math.Round(r.fps()*1000) / 1000, VariableFrameRate: variable,
		PixelFormat: s.PixFmt, BitDepth: int(integer(s.BitsPerRawSample)), Scan: scan(s.FieldOrder),
		SampleAspect: orElse(s.SampleAspect, "1:1"), DisplayAspect: s.DisplayAspect,
		Colour: Colour{Primaries: known(s.ColorPrimaries), Transfer: known(s.ColorTransfer), Matrix: known(s.ColorSpace), Range: known(s.ColorRange)},
		Frames: integer(s.NbFrames), Start: startAfter(s.StartTime, start), Duration: streamDuration(s), BitRate: integer(s.BitRate),
	}
	if v.BitDepth == 0 {
		v.BitDepth = pixelDepth(s.PixFmt)
	}
	for _, d := range s.SideData {
		if turn := int(math.Round(-d.Rotation/90)) % 4; d.Type == "Display Matrix" && turn != 0 {
			v.Rotation = (turn + 4) % 4 * 90
		}
	}
	if v.DisplayAspect == "" && v.Width > 0 && v.Height > 0 {
		g := gcd(v.Width, v.Height)
		v.DisplayAspect = fmt.Sprintf("%d:%d", v.Width/g, v.Height/g)
	}
	return v, warnings
}

func describeAudio(s streamJSON, start float64) AudioStream {
	a := AudioStream{
		Index: s.Index, Codec: s.CodecName, Channels: s.Channels, Layout: known(s.ChannelLayout),
		SampleRate: int(integer(s.SampleRate)), BitDepth: int(integer(s.BitsPerRawSample)), Language: language(s.Tags),
		Start: startAfter(s.StartTime, start), Duration: streamDuration(s), BitRate: integer(s.BitRate),
	}
	if a.BitDepth == 0 {
		a.BitDepth = s.BitsPerSample
	}
	if strings.HasSuffix(a.Layout, "channels") {
		a.Layout = ""
	}
	if a.Layout == "" && a.Channels == 1 {
		a.Layout = "mono"
	}
	return a
}

// frameRate chooses between the two that ffprobe offers: the average is true, the "real" one exact where they
// agree. They differ in fields against frames (then the average is right) and in variable rates.
func frameRate(s streamJSON) (r rate, variable bool) {
	average, real := parseRate(s.AvgFrameRate), parseRate(s.RFrameRate)
	switch {
	case !average.valid():
		return real, false
	case average.near(real, 0.005):
		return real, false
	case real.near(rate{2 * average.num, average.den}, 0.005):
		return nominal(average), false
	}
	return nominal(average), real.valid()
}

// nominal is the standard rate that an average is meant to be, or the average itself.
func nominal(average rate) rate {
	if s := nearestStandard(average); average.near(s, 0.0005) {
		return s
	}
	return average
}

func scan(fieldOrder string) string {
	switch fieldOrder {
	case "progressive":
		return "progressive"
	case "tt", "tb":
		return "tff"
	case "bb", "bt":
		return "bff"
	}
	return "unknown"
}

func streamDuration(s streamJSON) float64 {
	if d := seconds(s.Duration); d > 0 {
		return d
	}
	for key, value := range s.Tags { // Matroska: DURATION or DURATION-eng, as 00:00:04.010000000
		if strings.HasPrefix(strings.ToUpper(key), "DURATION") {
			var h, m int
			var sec float64
			if n, _ := fmt.Sscanf(value, "%d:%d:%f", &h, &m, &sec); n == 3 && h >= 0 && h < 10000 && m >= 0 && sec >= 0 {
				return float64(h*3600+m*60) + sec
			}
		}
	}
	return 0
}

func timecodeTag(tags map[string]string) string {
	if tc := tags["timecode"]; timecodePattern.MatchString(tc) {
		return tc
	}
	return ""
}

func language(tags map[string]string) string {
	if l := tags["language"]; l != "und" && languagePattern.MatchString(l) {
		return l
	}
	return ""
}
