package transfer

import (
	"encoding/json"
	"strconv"
	"time"

	"gantry/connectors"
)

// text is the receipt as JSON, byte for byte what encoding/json makes of it: with small
// files, that would be a tenth of the work. What few receipts have is left to it.
func (c *Receipt) text() ([]byte, error) {
	if len(c.Restarts) > 0 || c.Growth != nil || c.Packed != nil || !c.Removed.IsZero() || !c.Removing.IsZero() {
		return json.Marshal(c)
	}
	w := jsonText{text: make([]byte, 0, 1280)}
	w.string(`{"job":`, c.Job)
	c.Source.write(&w)
	w.number(`,"size":`, c.Size)
	w.digests(`,"digests":`, c.Digests)
	w.time(`,"started":`, c.Started)
	w.time(`,"finished":`, c.Finished)
	if c.Copies == nil {
		w.raw(`,"copies":null`)
	} else {
		w.raw(`,"copies":[`)
		for i := range c.Copies {
			if i > 0 {
				w.raw(",")
			}
			c.Copies[i].write(&w)
		}
		w.raw("]")
	}
	w.stringIf(`,"engine":`, c.Engine)
	w.raw("}")
	return w.text, w.err
}

func (s *ReceiptSource) write(w *jsonText) {
	w.string(`,"source":{"location":`, s.Location)
	w.string(`,"path":`, s.Path)
	w.entry(&s.Entry)
	w.stringIf(`,"software":`, s.Software)
	w.stringIf(`,"vouched":`, string(s.Vouched))
	w.notes(s.Notes)
	w.raw("}")
}

func (c *Copy) write(w *jsonText) {
	w.string(`{"location":`, c.Location)
	w.string(`,"path":`, c.Path)
	w.entry(&c.Entry)
	w.stringIf(`,"software":`, c.Software)
	w.string(`,"proof":`, string(c.Proof))
	w.stringIf(`,"proofDigest":`, string(c.ProofDigest))
	w.stringIf(`,"proofReason":`, c.ProofReason)
	w.notes(c.Notes)
	if c.Times != (Times{}) {
		w.raw(`,"times":{`)
		w.next = ""
		w.timeIf(`"started":`, c.Times.Started)
		w.timeIf(`"firstByte":`, c.Times.FirstByte)
		w.timeIf(`"sent":`, c.Times.Sent)
		w.timeIf(`"verified":`, c.Times.Verified)
		w.timeIf(`"committed":`, c.Times.Committed)
		w.raw("}")
	}
	if c.ServerSide {
		w.raw(`,"serverSide":true`)
	}
	w.number(`,"parts":`, int64(c.Parts))
	w.number(`,"resumed":`, int64(c.Resumed))
	w.number(`,"sentBytes":`, c.SentBytes)
	w.number(`,"resentBytes":`, c.Resent)
	w.number(`,"retries":`, int64(c.Retries))
	w.raw("}")
}

// A jsonText is JSON that is being written, up to the first error.
type jsonText struct {
	text []byte
	err  error
	next string // comes before the next of the times that may be left out
}

func (w *jsonText) raw(s string) { w.text = append(w.text, s...) }

func (w *jsonText) string(name, s string) {
	w.raw(name)
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			text, err := json.Marshal(s)
			w.took(append(w.text, text...), err)
			return
		}
	}
	w.text = append(append(append(w.text, '"'), s...), '"')
}

func (w *jsonText) took(text []byte, err error) {
	w.text = text
	if w.err == nil {
		w.err = err
	}
}

func (w *jsonText) stringIf(name, s string) {
	if s != "" {
		w.string(name, s)
	}
}

func (w *jsonText) number(name string, n int64) {
	w.text = strconv.AppendInt(append(w.text, name...), n, 10)
}

func (w *jsonText) time(name string, t time.Time) {
	text, err := t.AppendText(append(append(w.text, name...), '"'))
	w.took(append(text, '"'), err)
}

func (w *jsonText) timeIf(name string, t time.Time) {
	if !t.IsZero() {
		w.raw(w.next)
		w.time(name, t)
		w.next = ","
	}
}

func (w *jsonText) digests(name string, d connectors.Digests) {
	w.took(d.AppendJSON(append(w.text, name...)))
}

func (w *jsonText) entry(e *connectors.Entry) {
	w.string(`,"entry":{"path":`, e.Path)
	w.number(`,"size":`, e.Size)
	w.time(`,"modTime":`, e.ModTime)
	w.stringIf(`,"version":`, e.Version)
	if len(e.Digests) > 0 {
		w.digests(`,"digests":`, e.Digests)
	}
	if len(e.Stated) > 0 {
		w.digests(`,"stated":`, e.Stated)
	}
	w.raw("}")
}

func (w *jsonText) notes(list []string) {
	if len(list) == 0 {
		return
	}
	before := `,"notes":[`
	for _, note := range list {
		w.string(before, note)
		before = ","
	}
	w.raw("]")
}
