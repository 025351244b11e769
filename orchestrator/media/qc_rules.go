package media

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"go.yaml.in/yaml/v3"
)

// QCRules says what a clip must be like. A check that is not named is not made. Documents are in
// configs/qc; they are decoded over [NewRules].
type QCRules struct {
	Name       string         `yaml:"-" json:"name"` // of the document
	Summary    string         `yaml:"summary" json:"summary"`
	Decode     DecodeRule     `yaml:"decode" json:"decode"`
	Truncation TruncationRule `yaml:"truncation" json:"truncation"`
	Duration   DurationRule   `yaml:"duration" json:"duration"`
	Containers ListRule       `yaml:"containers" json:"containers"` // names of [Info.Container]
	Video      VideoRule      `yaml:"video" json:"video"`
	Audio      AudioRule      `yaml:"audio" json:"audio"`
	Black      BlackRule      `yaml:"black" json:"black"`
	Freeze     FreezeRule     `yaml:"freeze" json:"freeze"`
	Silence    SilenceRule    `yaml:"silence" json:"silence"`
	Loudness   LoudnessRule   `yaml:"loudness" json:"loudness"`
}

// Severity is what a broken rule means: "warn" or "fail"; "off" or "" switches the check off.
type Severity string

// The severities.
const (
	Off  Severity = "off"
	Warn Severity = "warn"
	Fail Severity = "fail"
)

func (s Severity) on() bool { return s == Warn || s == Fail }

// UnmarshalYAML refuses other words. (YAML 1.1 reads a bare off as false; yaml.v3 does not.)
func (s *Severity) UnmarshalYAML(n *yaml.Node) error {
	if !slices.Contains([]string{"", "off", "warn", "fail"}, n.Value) || n.Kind != yaml.ScalarNode {
		return fmt.Errorf("line %d: severity %q is not one of off, warn, fail", n.Line, n.Value)
	}
	*s = Severity(n.Value)
	return nil
}

// DecodeRule is about errors that the decoders report.
type DecodeRule struct {
	Severity  Severity `yaml:"severity" json:"severity"`
	MaxErrors int      `yaml:"maxErrors" json:"maxErrors"`
}

// TruncationRule is about less picture or sound than the file declares, by more than a tolerance in seconds.
type TruncationRule struct {
	Severity  Severity `yaml:"severity" json:"severity"`
	Tolerance float64  `yaml:"tolerance" json:"tolerance"`
}

// DurationRule bounds the duration in seconds. Expected is usually set by the caller, from a booking.
type DurationRule struct {
	Severity  Severity `yaml:"severity" json:"severity"`
	Min       float64  `yaml:"min" json:"min"`
	Max       float64  `yaml:"max" json:"max"` // 0: no upper bound
	Expected  float64  `yaml:"expected" json:"expected"`
	Tolerance float64  `yaml:"tolerance" json:"tolerance"` // around Expected
}

// ListRule names what is allowed; an empty list allows all.
type ListRule struct {
	Severity Severity `yaml:"severity" json:"severity"`
	Allowed  []string `yaml:"allowed" json:"allowed"`
}

// VideoRule is about the first picture track.
type VideoRule struct {
	Required   Severity `yaml:"required" json:"required"` // when there is no picture
	Severity   Severity `yaml:"severity" json:"severity"` // of all that follows
	MinWidth   int      `yaml:"minWidth" json:"minWidth"` // pixels, as shown
	MinHeight  int      `yaml:"minHeight" json:"minHeight"`
	FrameRates []string `yaml:"frameRates" json:"frameRates"` // exact: "25/1", "30000/1001"
	Codecs     []string `yaml:"codecs" json:"codecs"`
	Scans      []string `yaml:"scans" json:"scans"` // progressive, tff, bff
	// ScanMismatch: the pictures look interlaced and the file says progressive, or the reverse.
	ScanMismatch Severity `yaml:"scanMismatch" json:"scanMismatch"`
}

// AudioRule is about the sound tracks.
type AudioRule struct {
	Required     Severity `yaml:"required" json:"required"` // when there is no sound
	Severity     Severity `yaml:"severity" json:"severity"` // of the numbers and lists that follow
	MinChannels  int      `yaml:"minChannels" json:"minChannels"`
	Tracks       []int    `yaml:"tracks" json:"tracks"` // allowed numbers of tracks
	SampleRates  []int    `yaml:"sampleRates" json:"sampleRates"`
	Codecs       []string `yaml:"codecs" json:"codecs"`
	SilentTracks Severity `yaml:"silentTracks" json:"silentTracks"` // a track outside the programme that is silent throughout
	DeadChannel  Severity `yaml:"deadChannel" json:"deadChannel"`   // one side of the programme's stereo is silent throughout
}

// Limit is reached by one range of so many seconds, or by ranges that make up so large a share (0 to 1) of the clip.
type Limit struct {
	Seconds float64 `yaml:"seconds" json:"seconds,omitempty"`
	Share   float64 `yaml:"share" json:"share,omitempty"`
}

// Ranges are the two limits of a check that finds stretches of time; either may be left out.
type Ranges struct {
	Warn *Limit `yaml:"warn" json:"warn,omitempty"`
	Fail *Limit `yaml:"fail" json:"fail,omitempty"`
}

// BlackRule finds black pictures.
type BlackRule struct {
	Ranges  `yaml:",inline"`
	Pixel   float64 `yaml:"pixel" json:"pixel"`     // a pixel is black up to this luminance, 0 to 1
	Picture float64 `yaml:"picture" json:"picture"` // a picture is black when this share of its pixels is
}

// FreezeRule finds pictures that stand still. Stretches that are black count as black only.
type FreezeRule struct {
	Ranges `yaml:",inline"`
	Noise  float64 `yaml:"noise" json:"noise"` // dB; smaller differences are none
}

// SilenceRule finds silence in the programme sound (the first track, or tracks 1 and 2 when they are mono).
type SilenceRule struct {
	Ranges `yaml:",inline"`
	Level  float64 `yaml:"level" json:"level"` // dBFS; anything softer is silence
}

// LoudnessRule follows EBU R 128, measured on the programme sound.
type LoudnessRule struct {
	Severity    Severity `yaml:"severity" json:"severity"`
	Target      float64  `yaml:"target" json:"target"`           // LUFS
	Tolerance   float64  `yaml:"tolerance" json:"tolerance"`     // LU: 0.5, or 1 for live
	MaxTruePeak float64  `yaml:"maxTruePeak" json:"maxTruePeak"` // dBTP
	MaxRange    float64  `yaml:"maxRange" json:"maxRange"`       // LU; 0: no bound
}

// Validate checks the numbers. All that is wrong is told at once.
func (r QCRules) Validate() error {
	var errs []error
	number := func(field string, v, low, high float64) {
		if math.IsNaN(v) || v < low || v > high {
			errs = append(errs, fmt.Errorf("%s: %v is not between %v and %v", field, v, low, high))
		}
	}
	if r.Name == "" {
		errs = append(errs, errors.New("name: give the rules a name"))
	}
	const long = 1e6
	number("decode.maxErrors", float64(r.Decode.MaxErrors), 0, long)
	number("truncation.tolerance", r.Truncation.Tolerance, 0, long)
	number("duration.min", r.Duration.Min, 0, long)
	number("duration.max", r.Duration.Max, 0, long)
	number("duration.expected", r.Duration.Expected, 0, long)
	number("duration.tolerance", r.Duration.Tolerance, 0, long)
	number("black.pixel", r.Black.Pixel, 0, 1)
	number("black.picture", r.Black.Picture, 0, 1)
	number("freeze.noise", r.Freeze.Noise, -200, 0)
	number("silence.level", r.Silence.Level, -200, 0)
	number("loudness.target", r.Loudness.Target, -70, 0)
	number("loudness.tolerance", r.Loudness.Tolerance, 0, 70)
	number("loudness.maxTruePeak", r.Loudness.MaxTruePeak, -70, 20)
	number("loudness.maxRange", r.Loudness.MaxRange, 0, 100)
	for check, l := range map[string]Ranges{"black": r.Black.Ranges, "freeze": r.Freeze.Ranges, "silence": r.Silence.Ranges} {
		for which, limit := range map[string]*Limit{"warn": l.Warn, "fail": l.Fail} {
			if limit == nil {
				continue
			}
			number(check+"."+which+".seconds", limit.Seconds, 0, long)
			number(check+"."+which+".share", limit.Share, 0, 1)
			if limit.Seconds == 0 && limit.Share == 0 {
				errs = append(errs, fmt.Errorf("%s.%s: give seconds, share or both", check, which))
			}
		}
	}
	for _, s := range r.Video.FrameRates {
		if !parseRate(s).valid() {
			errs = append(errs, fmt.Errorf("video.frameRates: %q is no rate: write 25/1 or 30000/1001", s))
		}
	}
	return errors.Join(errs...)
}
