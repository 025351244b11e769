package media

import (
	"math"
	"strconv"
	"strings"
)

// span is a stretch of time in seconds; an open end is the end of the clip.
type span struct{ start, end float64 }

func (s span) length() float64 { return s.end - s.start }

const (
	maxSpans    = 10_000 // of one kind that are kept: a clip may flicker for hours
	maxMessages = 5      // decode errors that are quoted
)

// measured is what one decode pass found out.
type measured struct {
	frames   int64
	reached  float64 // the end of the last picture or sample, in seconds
	black    []span
	freeze   []span
	silence  []span
	loudness *Loudness
	peaks    map[int][]float64 // by position in Info.Audio, dBFS a channel
	samples  map[int]int64     // by position in Info.Audio
	idet     [4]int64          // frames that look tff, bff, progressive, undetermined
	errors   int
	messages []string
	crash    string // why ffmpeg ended early; "" if it did not

	frozen, quiet *float64 // open starts
	summary       summary
}

// summary is the state within the many lines of ebur128's last message.
type summary struct {
	open    bool
	section string
	values  Loudness
}

// line takes one line of ffmpeg's log.
func (m *measured) line(l logLine) {
	if l.isRemark() {
		return
	}
	if l.isError() {
		m.errors++
		if len(m.messages) < maxMessages {
			m.messages = append(m.messages, strings.ReplaceAll(l.text, sandboxInput, "the file"))
		}
		return
	}
	filter, instance, _ := strings.Cut(l.context, "@")
	if filter != "" {
		m.summary.open = false
	}
	switch filter {
	case "blackdetect":
		m.blackLine(l.text)
	case "freezedetect":
		m.freezeLine(l.text)
	case "silencedetect":
		m.silenceLine(l.text)
	case "astats":
		m.astatsLine(instance, l.text)
	case "idet":
		m.idetLine(l.text)
	case "ebur128":
		m.summary = summary{open: strings.HasPrefix(l.text, "Summary:")}
	case "":
		if m.summary.open {
			m.summaryLine(l.text)
		}
	}
}

// finish closes what is still open at the end of the clip.
func (m *measured) finish() {
	if m.frozen != nil {
		m.freeze = addSpan(m.freeze, *m.frozen, math.Max(m.reached, *m.frozen))
	}
	if m.quiet != nil {
		m.silence = addSpan(m.silence, *m.quiet, math.Max(m.reached, *m.quiet))
	}
	m.frozen, m.quiet = nil, nil
}

// blackLine reads "black_start:2 black_end:3.96 black_duration:1.96".
func (m *measured) blackLine(text string) {
	start, ok1 := numberAfter(text, "black_start:")
	end, ok2 := numberAfter(text, "black_end:")
	if ok1 && ok2 {
		m.black = addSpan(m.black, start, end)
	}
}

// freezeLine reads "lavfi.freezedetect.freeze_start: 2" and the like.
func (m *measured) freezeLine(text string) {
	if start, ok := numberAfter(text, "freeze_start:"); ok {
		m.frozen = &start
	}
	if end, ok := numberAfter(text, "freeze_end:"); ok && m.frozen != nil {
		m.freeze = addSpan(m.freeze, *m.frozen, end)
		m.frozen = nil
	}
}

// silenceLine reads "silence_start: 1.5" and "silence_end: 3 | silence_duration: 1.5".
func (m *measured) silenceLine(text string) {
	if start, ok := numberAfter(text, "silence_start:"); ok {
		start = math.Max(0, start) // it may begin before the clip by a part of a frame
		m.quiet = &start
	}
	if end, ok := numberAfter(text, "silence_end:"); ok && m.quiet != nil {
		m.silence = addSpan(m.silence, *m.quiet, end)
		m.quiet = nil
	}
}

// astatsLine reads the lines "Channel: 1", "Peak level dB: -22.1" and "Number of samples: 96000" of instance t0, t1, …
func (m *measured) astatsLine(instance, text string) {
	track, err := strconv.Atoi(strings.TrimPrefix(instance, "t"))
	if err != nil || track < 0 || track > 1000 {
		return
	}
	if m.peaks == nil {
		m.peaks, m.samples = map[int][]float64{}, map[int]int64{}
	}
	switch key, value, _ := strings.Cut(text, ":"); key {
	case "Channel":
		if strings.TrimSpace(value) == "1" {
			m.peaks[track] = nil
		}
	case "Peak level dB":
		if db, ok := decibels(value); ok && len(m.peaks[track]) < 256 {
			m.peaks[track] = append(m.peaks[track], db)
		}
	case "Number of samples":
		// A change of format in mid-file makes a new graph, which counts from 0.
		if n, err := strconv.ParseInt(strings.TrimSpace(value), 10, 64); err == nil && n > 0 && n < 1<<50 {
			m.samples[track] += n
		}
	}
}

// idetLine reads "Multi frame detection: TFF:     0 BFF:     0 Progressive:    51 Undetermined:    49".
func (m *measured) idetLine(text string) {
	if !strings.HasPrefix(text, "Multi frame detection:") {
		return
	}
	for i, key := range []string{"TFF:", "BFF:", "Progressive:", "Undetermined:"} {
		if n, ok := numberAfter(text, key); ok && n >= 0 && n < 1e12 {
			m.idet[i] += int64(n)
		}
	}
}

func (m *measured) summaryLine(text string) {
	s := &m.summary
	key, value, ok := strings.Cut(strings.TrimSpace(text), ":")
	if !ok {
		return
	}
	if strings.TrimSpace(value) == "" {
		s.section = key
		return
	}
	db, ok := decibels(value)
	switch {
	case !ok:
		s.open = false
	case key == "I":
		s.values.Integrated = db
	case key == "LRA":
		s.values.Range = db
	case key == "Peak" && s.section == "True peak":
		s.values.TruePeak = db
		s.open = false
		// ffmpeg also prints the summary of a graph through which nothing went.
		if done := s.values; m.loudness == nil || done.TruePeak > Floor {
			m.loudness = &done
		}
	}
}

func addSpan(spans []span, start, end float64) []span {
	if end <= start || start < 0 || len(spans) >= maxSpans {
		return spans
	}
	return append(spans, span{start, end})
}

// numberAfter reads the finite number that follows key in text.
func numberAfter(text, key string) (float64, bool) {
	_, rest, ok := strings.Cut(text, key)
	if !ok {
		return 0, false
	}
	fields := strings.Fields(rest)
	if len(fields) == 0 {
		return 0, false
	}
	return parseSigned(fields[0])
}

// decibels reads "-22.1 dBFS", "-inf", "0.0 LU"; nothing is below [Floor].
func decibels(s string) (float64, bool) {
	fields := strings.Fields(s)
	if len(fields) == 0 {
		return 0, false
	}
	if fields[0] == "-inf" || fields[0] == "nan" || fields[0] == "-nan" {
		return Floor, true
	}
	f, ok := parseSigned(fields[0])
	return math.Max(f, Floor), ok
}
