package media

import "bytes"

const (
	maxLine   = 4 << 10 // longer lines are cut
	tailLines = 40
)

// lineWriter hands what is written to it on, line by line, and never keeps more than one line.
type lineWriter struct {
	each func(string)
	part []byte
	skip bool // inside an over-long line
}

func (w *lineWriter) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		i := bytes.IndexAny(p, "\r\n")
		piece := p
		if i >= 0 {
			piece = p[:i]
		}
		if room := maxLine - len(w.part); len(piece) > room {
			w.part = append(w.part, piece[:room]...)
			w.skip = true
		} else if !w.skip {
			w.part = append(w.part, piece...)
		}
		if i < 0 {
			break
		}
		w.flush()
		p = p[i+1:]
	}
	return n, nil
}

func (w *lineWriter) flush() {
	if len(w.part) > 0 {
		w.each(string(w.part))
	}
	w.part, w.skip = w.part[:0], false
}

// tail keeps the last lines of a log.
type tail struct{ lines []string }

func (t *tail) add(line string) {
	if len(t.lines) == tailLines {
		t.lines = append(t.lines[:0], t.lines[1:]...)
	}
	t.lines = append(t.lines, line)
}
