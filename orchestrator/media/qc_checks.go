package media

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

func (j *judgement) decode() {
	rule := j.rules.Decode
	// What was not seen cannot pass, whatever the rules leave out.
	if j.m.crash != "" {
		j.add(Finding{Check: "decode", Severity: Fail, Message: "the decoder gave up: " + j.m.crash})
	} else if len(j.info.Video) > 0 && j.m.frames == 0 {
		j.add(Finding{Check: "decode", Severity: Fail, Message: "no picture can be decoded"})
	}
	if j.m.errors > rule.MaxErrors {
		j.add(Finding{
			Check: "decode", Severity: rule.Severity, Value: j.m.errors, Limit: rule.MaxErrors,
			Message: fmt.Sprintf("%d decode errors: %s", j.m.errors, strings.Join(j.m.messages, "; ")),
		})
	}
}

func (j *judgement) truncation() {
	rule := j.rules.Truncation
	missing := func(what string, got, declared float64) {
		if declared-got > rule.Tolerance {
			j.add(Finding{
				Check: "truncation", Severity: rule.Severity, Start: got, End: declared, Value: round3(got), Limit: round3(declared),
				Message: fmt.Sprintf("%s ends after %.2f s of the %.2f s that the file declares", what, got, declared),
			})
		}
	}
	if len(j.info.Video) > 0 {
		v := j.info.Video[0]
		got := float64(j.m.frames) * parseRate(v.FrameRate).frame()
		if v.VariableFrameRate || got == 0 && j.m.frames > 0 {
			got = j.m.reached
		}
		declared := v.Duration
		if declared == 0 {
			declared = j.info.Duration - v.Start
		}
		missing("the picture", got, declared)
	}
	for i, a := range j.info.Audio {
		if a.Duration > 0 {
			missing(fmt.Sprintf("sound track %d", i+1), j.report.Tracks[i].Duration, a.Duration)
		}
	}
}

func (j *judgement) duration() {
	rule, d := j.rules.Duration, j.m.reached
	say := func(limit float64, format string, args ...any) {
		j.add(Finding{Check: "duration", Severity: rule.Severity, Value: round3(d), Limit: limit, Message: fmt.Sprintf(format, args...)})
	}
	switch {
	case d < rule.Min:
		say(rule.Min, "%.2f s is shorter than %.2f s", d, rule.Min)
	case rule.Max > 0 && d > rule.Max:
		say(rule.Max, "%.2f s is longer than %.2f s", d, rule.Max)
	}
	if rule.Expected > 0 && math.Abs(d-rule.Expected) > rule.Tolerance {
		say(rule.Expected, "%.2f s where %.2f s ± %.2f s were expected", d, rule.Expected, rule.Tolerance)
	}
}

func (j *judgement) container() {
	rule := j.rules.Containers
	j.oneOf("container", "container", rule.Severity, j.info.Container, rule.Allowed)
}

func (j *judgement) picture() {
	rule := j.rules.Video
	if len(j.info.Video) == 0 {
		j.add(Finding{Check: "video", Severity: rule.Required, Message: "there is no picture"})
		return
	}
	v := j.info.Video[0]
	w, h := v.DisplaySize()
	if w < rule.MinWidth || h < rule.MinHeight {
		j.add(Finding{
			Check: "video", Severity: rule.Severity, Value: fmt.Sprintf("%dx%d", w, h), Limit: fmt.Sprintf("%dx%d", rule.MinWidth, rule.MinHeight),
			Message: fmt.Sprintf("%dx%d is smaller than %dx%d", w, h, rule.MinWidth, rule.MinHeight),
		})
	}
	j.oneOf("video", "frame rate", rule.Severity, v.FrameRate, rule.FrameRates)
	j.oneOf("video", "picture codec", rule.Severity, v.Codec, rule.Codecs)
	j.oneOf("video", "scan", rule.Severity, v.Scan, rule.Scans)
	if looks := j.looks(); looks != "" && v.Scan != "unknown" && looks != v.Scan {
		j.add(Finding{
			Check: "video", Severity: rule.ScanMismatch, Value: looks, Limit: v.Scan,
			Message: fmt.Sprintf("the file says %s, the pictures look %s", v.Scan, looks),
		})
	}
}

// looks is what the pictures look like, where most of a long enough clip speaks for it; still pictures tell nothing.
func (j *judgement) looks() string {
	all := j.m.idet[0] + j.m.idet[1] + j.m.idet[2] + j.m.idet[3]
	for i, scan := range []string{"tff", "bff", "progressive"} {
		if all >= 50 && j.m.idet[i]*10 > all*7 {
			return scan
		}
	}
	return ""
}

func (j *judgement) sound() {
	rule := j.rules.Audio
	if len(j.info.Audio) == 0 {
		j.add(Finding{Check: "audio", Severity: rule.Required, Message: "there is no sound"})
		return
	}
	channels := 0
	for i, a := range j.info.Audio {
		channels += a.Channels
		track := fmt.Sprintf("track %d: ", i+1)
		j.oneOf("audio", track+"codec", rule.Severity, a.Codec, rule.Codecs)
		j.oneOf("audio", track+"sample rate", rule.Severity, fmt.Sprint(a.SampleRate), texts(rule.SampleRates))
	}
	if channels < rule.MinChannels {
		j.add(Finding{
			Check: "audio", Severity: rule.Severity, Value: channels, Limit: rule.MinChannels,
			Message: fmt.Sprintf("%d channels are fewer than %d", channels, rule.MinChannels),
		})
	}
	j.oneOf("audio", "number of tracks", rule.Severity, fmt.Sprint(len(j.info.Audio)), texts(rule.Tracks))
	j.silentChannels()
}

// silentChannels looks for channels without any signal from start to end.
func (j *judgement) silentChannels() {
	p := programmeOf(j.info.Audio)
	silent := func(db float64) bool { return db <= j.rules.Silence.Level }
	var mix []float64
	for i, t := range j.report.Tracks {
		if slices.Contains(p.tracks, i) {
			mix = append(mix, t.Peaks...)
		} else if len(t.Peaks) > 0 && !slices.ContainsFunc(t.Peaks, func(db float64) bool { return !silent(db) }) {
			j.add(Finding{Check: "audio", Severity: j.rules.Audio.SilentTracks, Value: slices.Max(t.Peaks), Limit: j.rules.Silence.Level, Message: fmt.Sprintf("track %d is silent from start to end", i+1)})
		}
	}
	if p.channels == 2 && len(mix) >= 2 && silent(mix[0]) != silent(mix[1]) {
		side := "left"
		if silent(mix[1]) {
			side = "right"
		}
		j.add(Finding{Check: "audio", Severity: j.rules.Audio.DeadChannel, Value: math.Min(mix[0], mix[1]), Limit: j.rules.Silence.Level, Message: "the " + side + " channel is silent from start to end"})
	}
}

func (j *judgement) black() {
	j.ranges("black", "black picture", j.m.black, j.rules.Black.Ranges)
}

func (j *judgement) freeze() {
	var still []span
	for _, s := range j.m.freeze {
		dark := 0.0
		for _, b := range j.m.black {
			dark += math.Max(0, math.Min(s.end, b.end)-math.Max(s.start, b.start))
		}
		if dark < 0.9*s.length() {
			still = append(still, s)
		}
	}
	j.ranges("freeze", "frozen picture", still, j.rules.Freeze.Ranges)
}

func (j *judgement) silence() {
	j.ranges("silence", "silence", j.m.silence, j.rules.Silence.Ranges)
}

func (j *judgement) loudness() {
	rule, l := j.rules.Loudness, j.m.loudness
	// Of silence there is nothing to say here: that is another check.
	if l == nil || l.Integrated <= -70 {
		return
	}
	if off := l.Integrated - rule.Target; math.Abs(off) > rule.Tolerance+0.05 { // it is measured to a tenth
		j.add(Finding{
			Check: "loudness", Severity: rule.Severity, Value: l.Integrated, Limit: rule.Target,
			Message: fmt.Sprintf("%.1f LUFS is %+.1f LU off the target of %.1f ± %.1f", l.Integrated, off, rule.Target, rule.Tolerance),
		})
	}
	if l.TruePeak > rule.MaxTruePeak {
		j.add(Finding{
			Check: "truePeak", Severity: rule.Severity, Value: l.TruePeak, Limit: rule.MaxTruePeak,
			Message: fmt.Sprintf("the true peak of %.1f dBTP is above %.1f", l.TruePeak, rule.MaxTruePeak),
		})
	}
	if rule.MaxRange > 0 && l.Range > rule.MaxRange {
		j.add(Finding{
			Check: "loudnessRange", Severity: rule.Severity, Value: l.Range, Limit: rule.MaxRange,
			Message: fmt.Sprintf("the loudness range of %.1f LU is above %.1f", l.Range, rule.MaxRange),
		})
	}
}

func (j *judgement) oneOf(check, what string, severity Severity, got string, allowed []string) {
	if len(allowed) > 0 && !slices.Contains(allowed, got) {
		j.add(Finding{
			Check: check, Severity: severity, Value: got, Limit: strings.Join(allowed, ", "),
			Message: fmt.Sprintf("%s %s is not one of %s", what, got, strings.Join(allowed, ", ")),
		})
	}
}

func texts(numbers []int) []string {
	out := make([]string, 0, len(numbers))
	for _, n := range numbers {
		out = append(out, fmt.Sprint(n))
	}
	return out
}
