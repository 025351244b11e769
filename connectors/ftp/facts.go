package ftp

import (
	"slices"
	"strings"
)

// Software that is known to differ from what one expects.
const (
	vsFTPd   = "vsFTPd"
	proFTPD  = "ProFTPD"
	pureFTPd = "Pure-FTPd"
)

// facts are what a server says of itself.
type facts struct {
	greeting string
	features map[string]string // by command; what follows it
	raw      []string          // the lines of FEAT
}

func (f *facts) learn(feat reply) {
	f.features = map[string]string{}
	if feat.code != 211 || len(feat.lines) < 3 {
		return
	}
	for _, line := range feat.lines[1 : len(feat.lines)-1] {
		line = strings.TrimSpace(line)
		command, rest, _ := strings.Cut(line, " ")
		f.features[strings.ToUpper(command)] = rest
		f.raw = append(f.raw, printable(line))
	}
}

func (f *facts) has(command string) bool {
	_, ok := f.features[command]
	return ok
}

// canList tells whether there is MLSD: it is announced as MLST.
func (f *facts) canList() bool { return f.has("MLST") || f.has("MLSD") }

// software gives one of those that are known, or "".
func (f *facts) software() string {
	for _, known := range []string{vsFTPd, proFTPD, pureFTPd} {
		if strings.Contains(strings.ToLower(f.greeting), strings.ToLower(known)) {
			return known
		}
	}
	return ""
}

// replaces tells whether a rename onto a file is known to replace it in one step.
// ProFTPD does so, too, if its AllowOverwrite is on; that shows when it is done.
func (f *facts) replaces() bool {
	return slices.Contains([]string{vsFTPd, pureFTPd}, f.software())
}

// hashes are the algorithms of HASH (draft-bryan-ftpext-hash), in its spelling.
func (f *facts) hashes() []string {
	var names []string
	for name := range strings.FieldsFuncSeq(f.features["HASH"], func(r rune) bool { return r == ';' || r == ' ' || r == ',' }) {
		names = append(names, strings.TrimSuffix(name, "*"))
	}
	return names
}
