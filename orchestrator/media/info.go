package media

import "math"

// Info says what a media file is.
type Info struct {
	Container string        `json:"container"` // mp4, mov, mxf, mpegts, matroska, wav, …: see [Sniff]
	Size      int64         `json:"size"`      // bytes
	Duration  float64       `json:"duration"`  // seconds; 0 where the file does not say
	BitRate   int64         `json:"bitRate"`   // bits per second, of the whole file
	Timecode  string        `json:"timecode,omitempty"`
	Video     []VideoStream `json:"video"`
	Audio     []AudioStream `json:"audio"`
	Data      []DataStream  `json:"data"`
	Warnings  []string      `json:"warnings,omitempty"` // oddities worth telling a person
}

// VideoStream is one picture track. Cover art is not one: it is listed under Data.
type VideoStream struct {
	Index             int     `json:"index"` // ffmpeg's stream number
	Codec             string  `json:"codec"`
	Profile           string  `json:"profile,omitempty"`
	Width             int     `json:"width"`              // as coded, before rotation
	Height            int     `json:"height"`             //
	Rotation          int     `json:"rotation,omitempty"` // 90, 180 or 270: clockwise turn that a player applies
	FrameRate         string  `json:"frameRate"`          // exact: "25/1", "30000/1001"
	FPS               float64 `json:"fps"`
	VariableFrameRate bool    `json:"variableFrameRate,omitempty"`
	PixelFormat       string  `json:"pixelFormat"`
	BitDepth          int     `json:"bitDepth"`
	Scan              string  `json:"scan"` // progressive, tff, bff or unknown
	SampleAspect      string  `json:"sampleAspect"`
	DisplayAspect     string  `json:"displayAspect"`
	Colour            Colour  `json:"colour"`
	Frames            int64   `json:"frames,omitempty"` // as the container says; 0 if it does not
	Start             float64 `json:"start"`            // seconds after the start of the file
	Duration          float64 `json:"duration"`
	BitRate           int64   `json:"bitRate,omitempty"`
}

// Colour holds the colour description, in ffmpeg's names; "" where the file does not say.
type Colour struct {
	Primaries string `json:"primaries,omitempty"`
	Transfer  string `json:"transfer,omitempty"`
	Matrix    string `json:"matrix,omitempty"`
	Range     string `json:"range,omitempty"` // tv (limited) or pc (full)
}

// HDR tells whether the transfer curve is PQ or HLG.
func (c Colour) HDR() bool { return c.Transfer == "smpte2084" || c.Transfer == "arib-std-b67" }

// AudioStream is one sound track.
type AudioStream struct {
	Index      int     `json:"index"`
	Codec      string  `json:"codec"`
	Channels   int     `json:"channels"`
	Layout     string  `json:"layout,omitempty"` // mono, stereo, 5.1, …; "" where the file does not say
	SampleRate int     `json:"sampleRate"`
	BitDepth   int     `json:"bitDepth,omitempty"`
	Language   string  `json:"language,omitempty"`
	Start      float64 `json:"start"`
	Duration   float64 `json:"duration"`
	BitRate    int64   `json:"bitRate,omitempty"`
}

// DataStream is any other track: timecode, captions, subtitles, cover art.
type DataStream struct {
	Index    int    `json:"index"`
	Type     string `json:"type"` // data, subtitle, attachment, picture
	Codec    string `json:"codec,omitempty"`
	Timecode string `json:"timecode,omitempty"`
	Language string `json:"language,omitempty"`
}

// Interlaced tells whether the pictures are woven from two fields.
func (v VideoStream) Interlaced() bool { return v.Scan == "tff" || v.Scan == "bff" }

// DisplaySize is the size of the picture as it is shown: with square pixels and upright.
func (v VideoStream) DisplaySize() (width, height int) {
	w, h := float64(v.Width), float64(v.Height)
	if sar := parseAspect(v.SampleAspect); sar > 0.1 && sar < 10 {
		w *= sar
	}
	width, height = int(math.Round(w)), int(math.Round(h))
	if v.Rotation == 90 || v.Rotation == 270 {
		width, height = height, width
	}
	return width, height
}

// end is the second at which the last picture ends.
func (v VideoStream) end(whole float64) float64 {
	if v.Duration > 0 {
		return v.Start + v.Duration
	}
	return whole
}
