package media

// The outcomes of a [Report].
const (
	OutcomePass = "pass"
	OutcomeWarn = "warn"
	OutcomeFail = "fail"
)

// Report is the result of a QC.
type Report struct {
	Outcome       string       `json:"outcome"` // pass, warn or fail
	Rules         string       `json:"rules"`   // the name of the rules
	Findings      []Finding    `json:"findings"`
	Loudness      *Loudness    `json:"loudness,omitempty"` // of the programme sound; nil without sound
	Tracks        []TrackLevel `json:"tracks"`
	Duration      float64      `json:"duration"` // seconds that could be decoded
	DecodedFrames int64        `json:"decodedFrames"`
	DecodeErrors  int          `json:"decodeErrors"`
	Info          Info         `json:"info"`
}

// Finding is one thing that a rule objects to.
type Finding struct {
	Check    string   `json:"check"` // decode, truncation, duration, container, video, audio, black, freeze, silence, loudness, truePeak, loudnessRange
	Severity Severity `json:"severity"`
	Message  string   `json:"message"`
	Start    float64  `json:"start"` // seconds from the start of the clip; with End = 0 it is about the whole clip
	End      float64  `json:"end"`
	Timecode string   `json:"timecode,omitempty"` // the same range as "10:00:02:00-10:00:04:00"
	Value    any      `json:"value,omitempty"`    // what was found: a number, or a name
	Limit    any      `json:"limit,omitempty"`    // what is allowed
}

// Loudness is measured by EBU R 128 (ITU-R BS.1770).
type Loudness struct {
	Integrated float64 `json:"integrated"` // LUFS; -70 is silence
	TruePeak   float64 `json:"truePeak"`   // dBTP; not below [Floor]
	Range      float64 `json:"range"`      // LU
}

// TrackLevel tells how loud a sound track gets.
type TrackLevel struct {
	Index    int       `json:"index"`    // ffmpeg's stream number
	Peaks    []float64 `json:"peaks"`    // sample peak of each channel in dBFS; not below [Floor]
	Duration float64   `json:"duration"` // seconds that could be decoded
}

// Floor stands for minus infinity decibels, which JSON cannot say.
const Floor = -120.0
