package media

import (
	"regexp"
	"strings"
)

// logLine is one line of ffmpeg's log, as -loglevel level+… writes it: [context @ 0x…] [level] text.
type logLine struct {
	context string // "blackdetect", "astats@t0"; "" for ffmpeg itself
	level   string // info, warning, error, fatal, panic; "" for a further line of the message before
	text    string
}

var (
	contextPattern = regexp.MustCompile(`^\[([^\]\[]*?) @ 0x[0-9a-fA-F]+\] `)
	levelPattern   = regexp.MustCompile(`^\[(quiet|panic|fatal|error|warning|info|verbose|debug|trace)\] ?`)
)

func parseLog(line string) logLine {
	var l logLine
	for {
		m := contextPattern.FindStringSubmatch(line)
		if m == nil {
			break
		}
		l.context = m[1]
		line = line[len(m[0]):]
	}
	if m := levelPattern.FindStringSubmatch(line); m != nil {
		l.level = m[1]
		line = line[len(m[0]):]
	}
	l.text = line
	return l
}

func (l logLine) isError() bool {
	return l.level == "error" || l.level == "fatal" || l.level == "panic"
}

// isRemark tells whether ffmpeg logs as an error what says nothing against the picture: an MXF that was cut without
// decoding keeps index entries that point past its end.
func (l logLine) isRemark() bool {
	return l.context == "mxf" && strings.HasPrefix(l.text, "index entry ")
}

// plain is the reason of a failure in words that an operator can act on, found in the last lines of a log.
func plain(lines []string) string {
	all := strings.Join(lines, "\n")
	for _, p := range plainWords {
		if strings.Contains(all, p.said) {
			return p.means
		}
	}
	for i := len(lines) - 1; i >= 0; i-- {
		if l := parseLog(lines[i]); l.isError() && l.text != "Conversion failed!" {
			return strings.ReplaceAll(l.text, sandboxInput, "the file")
		}
	}
	if len(lines) > 0 {
		return parseLog(lines[len(lines)-1]).text
	}
	return "the tool gave no reason"
}

var plainWords = []struct{ said, means string }{
	{"moov atom not found", "it has no index (moov): the recording was not closed properly, or the end of the file is missing"},
	{"Picture size", "its pictures are larger than is allowed here"},
	{"No space left on device", "the disk is full: make room and try again"},
	{"Invalid data found when processing input", "its content is damaged, or not what its first bytes say"},
}
