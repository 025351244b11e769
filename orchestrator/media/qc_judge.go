package media

import (
	"fmt"
	"math"
	"slices"
)

// maxFindings of one check are told one by one.
const maxFindings = 100

// judge applies the rules to what was measured. It is pure.
func judge(info Info, m *measured, rules QCRules) Report {
	j := &judgement{info: info, m: m, rules: rules, report: Report{
		Rules: rules.Name, Findings: []Finding{}, Loudness: m.loudness, Tracks: []TrackLevel{},
		Duration: m.reached, DecodedFrames: m.frames, DecodeErrors: m.errors, Info: info,
	}}
	j.levels()
	for _, check := range checks {
		check(j)
	}
	return j.done()
}

// checks are made in this order. A new check is a function here, its rule in [QCRules], and a filter in qcGraph if
// it has to measure something new.
var checks = []func(*judgement){
	(*judgement).decode,
	(*judgement).truncation,
	(*judgement).duration,
	(*judgement).container,
	(*judgement).picture,
	(*judgement).sound,
	(*judgement).black,
	(*judgement).freeze,
	(*judgement).silence,
	(*judgement).loudness,
}

type judgement struct {
	info   Info
	m      *measured
	rules  QCRules
	report Report
}

func (j *judgement) add(f Finding) {
	if !f.Severity.on() {
		return
	}
	if f.End > 0 {
		f.Timecode = j.timecodes(f.Start, f.End)
		f.Start, f.End = round3(f.Start), round3(f.End)
	}
	j.report.Findings = append(j.report.Findings, f)
}

func (j *judgement) done() Report {
	j.report.Outcome = OutcomePass
	for _, f := range j.report.Findings {
		if f.Severity == Fail {
			j.report.Outcome = OutcomeFail
		} else if j.report.Outcome == OutcomePass {
			j.report.Outcome = OutcomeWarn
		}
	}
	return j.report
}

// timecodes is the range in the clip's own timecode.
func (j *judgement) timecodes(start, end float64) string {
	if len(j.info.Video) == 0 {
		return ""
	}
	r := j.info.Video[0].FrameRate
	from, to := TimecodeAt(j.info.Timecode, r, start), TimecodeAt(j.info.Timecode, r, end)
	if from == "" || to == "" {
		return ""
	}
	return from + "-" + to
}

func (j *judgement) levels() {
	for i, a := range j.info.Audio {
		l := TrackLevel{Index: a.Index, Peaks: slices.Clone(j.m.peaks[i])}
		if l.Peaks == nil {
			l.Peaks = []float64{}
		}
		if a.SampleRate > 0 {
			l.Duration = round3(float64(j.m.samples[i]) / float64(a.SampleRate))
		}
		j.report.Tracks = append(j.report.Tracks, l)
	}
}

// ranges judges stretches of time: each by its length, and all together by their share of the clip.
func (j *judgement) ranges(check, what string, spans []span, limits Ranges) {
	total, frame := 0.0, 0.02
	if len(j.info.Video) > 0 {
		frame = max(frame, parseRate(j.info.Video[0].FrameRate).frame())
	}
	var found []Finding
	for _, s := range spans {
		// The filters stop at the last picture's start, not at its end.
		if j.m.reached-s.end < 1.6*frame {
			s.end = math.Max(s.end, j.m.reached)
		}
		total += s.length()
		for _, l := range []struct {
			Severity
			*Limit
		}{{Fail, limits.Fail}, {Warn, limits.Warn}} {
			if l.Limit != nil && l.Seconds > 0 && s.length() >= l.Seconds-frame/2 {
				found = append(found, Finding{
					Check: check, Severity: l.Severity, Start: s.start, End: s.end, Value: round3(s.length()), Limit: l.Seconds,
					Message: fmt.Sprintf("%s for %.2f s", what, s.length()),
				})
				break
			}
		}
	}
	if len(found) > maxFindings {
		left := len(found) - maxFindings
		slices.SortStableFunc(found, func(a, b Finding) int { return int(rank(b.Severity)) - int(rank(a.Severity)) })
		found = found[:maxFindings]
		found[maxFindings-1].Message += fmt.Sprintf("; and %d stretches more", left)
	}
	for _, f := range found {
		j.add(f)
	}
	j.share(check, what, spans, total, limits)
}

func (j *judgement) share(check, what string, spans []span, total float64, limits Ranges) {
	if j.m.reached <= 0 || len(spans) == 0 {
		return
	}
	share := math.Min(1, total/j.m.reached)
	for _, l := range []struct {
		Severity
		*Limit
	}{{Fail, limits.Fail}, {Warn, limits.Warn}} {
		if l.Limit != nil && l.Share > 0 && share >= l.Share {
			j.add(Finding{
				Check: check, Severity: l.Severity, Start: spans[0].start, End: math.Max(spans[len(spans)-1].end, spans[0].end),
				Value: round3(share), Limit: l.Share, Message: fmt.Sprintf("%s over %.0f %% of the clip", what, 100*share),
			})
			return
		}
	}
}

func rank(s Severity) int {
	if s == Fail {
		return 1
	}
	return 0
}

func round3(f float64) float64 { return math.Round(f*1000) / 1000 }
