package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/term"

	"gantry/transfer"
	"gantry/transfer/steer"
)

// The ways to show progress.
const (
	progressAuto = "auto" // bars on a terminal, else lines
	progressJSON = "json"
	progressNone = "none"
)

// A display shows how far a copy is. Its methods are called by one goroutine at a time,
// but for note.
type display interface {
	show(steer.Status)
	note(text string) // of something that people should know; may be called at once from many goroutines
	end(steer.Status)
}

// newDisplay gives the one that was asked for; w is where it writes.
func newDisplay(w io.Writer, asked string) display {
	f, ok := w.(*os.File)
	switch {
	case asked == progressNone:
		return &noLines{w: w}
	case asked == progressJSON:
		return &jsonLines{w: w}
	case ok && term.IsTerminal(int(f.Fd())) && width(w) >= narrowest:
		return newBars(w, func() int { return width(w) })
	}
	return &lines{noLines: noLines{w: w}, began: time.Now()}
}

// narrowest is the terminal on which bars can be read. One that does not tell its size, as
// of a CI runner or a script, gets lines.
const narrowest = 40

// showOn shows a tally until the returned function is called. gone tells then whether
// it was ended from outside.
func (t *tally) showOn(d display, gone func() bool) (end func()) {
	stop := make(chan struct{})
	var shows sync.WaitGroup
	shows.Go(func() {
		tick := time.NewTicker(200 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				d.show(t.look(time.Now()))
			case <-stop:
				t.close(gone())
				d.end(t.look(time.Now()))
				return
			}
		}
	})
	return func() { close(stop); shows.Wait() }
}

// noLines shows notes only.
type noLines struct {
	mu sync.Mutex
	w  io.Writer
}

func (n *noLines) show(steer.Status) {}
func (n *noLines) end(steer.Status)  {}

func (n *noLines) note(text string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	fmt.Fprintln(n.w, text)
}

// lines shows a line every few seconds.
type lines struct {
	noLines
	began, last time.Time
}

// lineEvery is the time between two lines; the first comes after a second.
const lineEvery = 5 * time.Second

func (l *lines) show(s steer.Status) {
	now := time.Now()
	if now.Sub(l.began) < time.Second || now.Sub(l.last) < lineEvery {
		return
	}
	l.last = now
	l.note(s.ID + ": " + subject(s) + amount(s) + ", " + speedOf(s))
}

// note begins with the time: the lines are for logs.
func (l *lines) note(text string) {
	l.noLines.note(time.Now().UTC().Format(time.RFC3339) + " " + text)
}

// subject names the file where there is one only.
func subject(s steer.Status) string {
	if s.Files != 1 || s.Source == "" {
		return ""
	}
	return printable(nameOf(s.Source)) + ", "
}

// amount says what is done and what goes on.
func amount(s steer.Status) string {
	growing := grows(s.Running)
	text := fmt.Sprintf("%s of %s", size(s.Done), soFar(s.Bytes, growing))
	if done, verifies := verified(s); verifies && !growing {
		text = fmt.Sprintf("%s sent, %s of %s verified", size(s.Done), size(done), size(s.Bytes))
	} else if len(s.Running) == 1 {
		text += ", " + s.Running[0].Phase
	}
	if s.Files > 1 {
		text = fmt.Sprintf("%d/%d files, %s", s.FilesDone, s.Files, text)
	}
	return text
}

// verified tells whether all is sent, and copies are read back, and how far that is.
func verified(s steer.Status) (bytes int64, yes bool) {
	bytes = s.Done
	for _, p := range s.Running {
		if p.Phase == transfer.PhaseVerify {
			yes = true
		}
		bytes += proved(p) - p.Sent
	}
	return max(bytes, 0), yes && s.Done >= s.Bytes && s.Bytes > 0
}

// speedOf says how fast it goes and how long it will take, or what it waits for.
func speedOf(s steer.Status) string {
	switch {
	case s.Waiting != "":
		return printable(s.Waiting)
	case s.ETA < 0:
		return rate(s.Rate)
	}
	return rate(s.Rate) + ", ETA " + timeLeft(s.ETA)
}

// jsonLines writes one document a line: the status every second and at the end, and
// what people should know.
type jsonLines struct {
	mu   sync.Mutex
	w    io.Writer
	last time.Time
}

// A line is what a script reads with --progress json. Its fields are those of
// steer.Status, which `gantry transfer show` has, too.
type line struct {
	Type string    `json:"type"` // progress, note, end
	Time time.Time `json:"time"`
	Text string    `json:"text,omitempty"` // of a note
	*steer.Status
}

func (j *jsonLines) show(s steer.Status) {
	if now := time.Now(); now.Sub(j.last) >= time.Second {
		j.last = now
		j.write(line{Type: "progress", Status: &s})
	}
}

func (j *jsonLines) note(text string)   { j.write(line{Type: "note", Text: text}) }
func (j *jsonLines) end(s steer.Status) { j.write(line{Type: "end", Status: &s}) }

func (j *jsonLines) write(l line) {
	l.Time = time.Now().UTC()
	data, err := json.Marshal(l)
	if err != nil {
		return // the types all encode
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	fmt.Fprintf(j.w, "%s\n", data)
}
