package media

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"

	"go.yaml.in/yaml/v3"
)

// Profile says how a rendition is made. Documents are in configs/profiles; they
// are decoded over [NewProfile].
type Profile struct {
	Name      string   `yaml:"-" json:"name"` // of the document
	Summary   string   `yaml:"summary" json:"summary"`
	Kind      string   `yaml:"kind" json:"kind"`           // file or hls
	Container string   `yaml:"container" json:"container"` // of a file: mp4, mov, mxf; also its extension
	Video     VideoOut `yaml:"video" json:"video"`
	Audio     AudioOut `yaml:"audio" json:"audio"`
	HLS       *HLSOut  `yaml:"hls" json:"hls,omitempty"`
	Flags     []string `yaml:"flags" json:"flags,omitempty"` // names from an allow-list: see [muxerFlags]
}

// VideoOut is the picture of a rendition.
type VideoOut struct {
	Codec        string  `yaml:"codec" json:"codec"` // h264, prores, dnxhr
	Profile      string  `yaml:"profile" json:"profile,omitempty"`
	Level        string  `yaml:"level" json:"level,omitempty"` // h264: "4.1"; chosen by the encoder if empty
	Preset       string  `yaml:"preset" json:"preset,omitempty"`
	PixelFormat  string  `yaml:"pixelFormat" json:"pixelFormat,omitempty"`
	CRF          float64 `yaml:"crf" json:"crf,omitempty"`                   // h264: constant quality, 1 to 51
	BitRate      BitRate `yaml:"bitRate" json:"bitRate,omitempty"`           // or an average
	MaxRate      BitRate `yaml:"maxRate" json:"maxRate,omitempty"`           // with a buffer of two seconds
	GOPSeconds   float64 `yaml:"gopSeconds" json:"gopSeconds,omitempty"`     // between key frames, always the same
	BFrames      *int    `yaml:"bFrames" json:"bFrames,omitempty"`           // 0 to 4
	Fit          *Box    `yaml:"fit" json:"fit,omitempty"`                   // nil: the size of the source
	MaxFrameRate float64 `yaml:"maxFrameRate" json:"maxFrameRate,omitempty"` // higher rates are halved until they fit
	Scan         string  `yaml:"scan" json:"scan"`                           // progressive: fields are made into frames; keep
}

// Box is the largest picture size, in square pixels, for a landscape picture; it is turned for a portrait. The picture
// keeps its aspect, gets even sides, and is never enlarged.
type Box struct {
	Width  int `yaml:"width" json:"width"`
	Height int `yaml:"height" json:"height"`
}

// AudioOut is the sound of a rendition.
type AudioOut struct {
	Codec      string  `yaml:"codec" json:"codec"` // aac, pcm16, pcm24
	BitRate    BitRate `yaml:"bitRate" json:"bitRate,omitempty"`
	SampleRate int     `yaml:"sampleRate" json:"sampleRate"` // Hz
	Mix        string  `yaml:"mix" json:"mix"`               // stereo-from-first-pair, or all-tracks as they are
}

// HLSOut is a ladder of renditions for adaptive streaming.
type HLSOut struct {
	SegmentSeconds float64 `yaml:"segmentSeconds" json:"segmentSeconds"`
	MaxRungs       int     `yaml:"maxRungs" json:"maxRungs"`
	Rungs          []Rung  `yaml:"rungs" json:"rungs"` // from the highest down
}

// Rung is one step of a ladder: for pictures whose shorter side has Height pixels.
type Rung struct {
	Height  int     `yaml:"height" json:"height"`
	BitRate BitRate `yaml:"bitRate" json:"bitRate"`
}

// BitRate is in bits per second. In YAML it may be written 128k or 5M.
type BitRate int64

var bitRatePattern = regexp.MustCompile(`^(\d{1,10}(?:\.\d{1,3})?)([kM]?)$`)

// UnmarshalYAML reads 128000, 128k or 1.5M.
func (b *BitRate) UnmarshalYAML(n *yaml.Node) error {
	m := bitRatePattern.FindStringSubmatch(n.Value)
	if m == nil {
		return fmt.Errorf("line %d: bit rate %q: write 128000, 128k or 1.5M", n.Line, n.Value)
	}
	f, _ := strconv.ParseFloat(m[1], 64)
	*b = BitRate(f * map[string]float64{"": 1, "k": 1e3, "M": 1e6}[m[2]])
	return nil
}

const (
	// KindFile and KindHLS are the kinds of a [Profile].
	KindFile = "file"
	KindHLS  = "hls"

	mixStereo = "stereo-from-first-pair"
	mixAll    = "all-tracks"

	scanKeep        = "keep"
	scanProgressive = "progressive"
)

// muxerFlags are the flags that a profile may name.
var muxerFlags = map[string][]string{
	"faststart": {"-movflags", "+faststart"}, // the index in front, to play while it loads
}

// safeName is what may become the name of a file or folder.
var safeName = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9._-]{0,99}$`)

// Validate checks what the types cannot say. All that is wrong is told at once.
func (p Profile) Validate() error {
	var errs []error
	check := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	check(safeName.MatchString(p.Name), "name: %q: use letters, digits, dot, dash and underscore", p.Name)
	check(p.Kind == KindFile || p.Kind == KindHLS, "kind: %q is not file or hls", p.Kind)
	for _, f := range p.Flags {
		check(muxerFlags[f] != nil, "flags: %q is not allowed; known is faststart", f)
	}
	errs = append(errs, p.Video.validate(), p.Audio.validate())
	if p.Kind == KindFile {
		check(slices.Contains([]string{"mp4", "mov", "mxf"}, p.Container), "container: %q is not mp4, mov or mxf", p.Container)
		check(p.HLS == nil, "hls: only for kind hls")
		check(p.Container != "mp4" || p.Video.Codec == "h264" && p.Audio.Codec == "aac", "container mp4: holds h264 and aac only")
		check(p.Container != "mxf" || p.Audio.Codec != "aac" && p.Audio.SampleRate == 48000, "container mxf: holds PCM at 48000 Hz only")
	} else {
		check(p.Container == "", "container: not for kind hls, which is always fragmented MP4")
		check(p.Video.Codec == "h264" && p.Audio.Codec == "aac", "kind hls: is made of h264 and aac")
		check(p.Video.Fit == nil && p.Video.BitRate == 0 && p.Video.CRF == 0, "kind hls: size and bit rate are those of the rungs")
		errs = append(errs, p.HLS.validate())
	}
	return errors.Join(errs...)
}

func (v VideoOut) validate() error {
	var errs []error
	check := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf("video."+format, args...))
		}
	}
	e, known := encoders[v.Codec]
	check(known, "codec: %q is not h264, prores or dnxhr", v.Codec)
	if known {
		check(v.Profile == "" || slices.Contains(e.profiles, v.Profile), "profile: %q is not one of %v", v.Profile, e.profiles)
		check(slices.Contains(e.pixelFormats, v.PixelFormat), "pixelFormat: %q is not one of %v", v.PixelFormat, e.pixelFormats)
		check(v.Preset == "" || slices.Contains(e.presets, v.Preset), "preset: %q is not one of %v", v.Preset, e.presets)
		check(v.Scan == scanProgressive || v.Scan == scanKeep && e.interlaced, "scan: %q: write progressive, or for prores and h264 keep", v.Scan)
	}
	check(v.Level == "" || h264Level.MatchString(v.Level), "level: %q: write it like 4.1", v.Level)
	check(v.CRF == 0 || v.CRF >= 1 && v.CRF <= 51, "crf: %v is not between 1 and 51", v.CRF)
	check(v.CRF == 0 || v.BitRate == 0, "crf, bitRate: give one of them")
	check(v.BitRate >= 0 && v.BitRate <= 1e9 && v.MaxRate >= 0 && v.MaxRate <= 1e9, "bitRate, maxRate: at most 1000M")
	check(v.GOPSeconds >= 0 && v.GOPSeconds <= 20, "gopSeconds: %v is not between 0 and 20", v.GOPSeconds)
	check(v.BFrames == nil || *v.BFrames >= 0 && *v.BFrames <= 4, "bFrames: is not between 0 and 4")
	check(v.Fit == nil || v.Fit.Width >= 16 && v.Fit.Height >= 16 && v.Fit.Width <= 16384 && v.Fit.Height <= 16384, "fit: sides are between 16 and 16384")
	check(v.MaxFrameRate == 0 || v.MaxFrameRate >= 10 && v.MaxFrameRate <= 240, "maxFrameRate: is not between 10 and 240")
	return errors.Join(errs...)
}

var h264Level = regexp.MustCompile(`^[1-6](\.[0-3])?$`)

func (a AudioOut) validate() error {
	var errs []error
	if _, ok := audioEncoders[a.Codec]; !ok {
		errs = append(errs, fmt.Errorf("audio.codec: %q is not aac, pcm16 or pcm24", a.Codec))
	}
	if a.Codec == "aac" && (a.BitRate < 16_000 || a.BitRate > 1_000_000) {
		errs = append(errs, errors.New("audio.bitRate: aac needs between 16k and 1M"))
	}
	if a.SampleRate < 8000 || a.SampleRate > 192_000 {
		errs = append(errs, errors.New("audio.sampleRate: is not between 8000 and 192000"))
	}
	if a.Mix != mixStereo && a.Mix != mixAll {
		errs = append(errs, fmt.Errorf("audio.mix: %q is not %s or %s", a.Mix, mixStereo, mixAll))
	}
	return errors.Join(errs...)
}

func (h *HLSOut) validate() error {
	if h == nil {
		return errors.New("hls: kind hls needs it")
	}
	var errs []error
	if !(h.SegmentSeconds >= 1 && h.SegmentSeconds <= 20) {
		errs = append(errs, errors.New("hls.segmentSeconds: is not between 1 and 20"))
	}
	if h.MaxRungs < 1 || h.MaxRungs > 8 || len(h.Rungs) == 0 || len(h.Rungs) > 20 {
		errs = append(errs, errors.New("hls: give 1 to 20 rungs, and maxRungs from 1 to 8"))
	}
	for i, r := range h.Rungs {
		if r.Height < 16 || r.Height > 8192 || r.BitRate < 10_000 {
			errs = append(errs, fmt.Errorf("hls.rungs[%d]: height from 16 to 8192, bitRate from 10k", i))
		}
		if i > 0 && r.Height >= h.Rungs[i-1].Height {
			errs = append(errs, fmt.Errorf("hls.rungs[%d]: rungs go from the highest down", i))
		}
	}
	return errors.Join(errs...)
}
