package promise

import (
	"io"

	"gantry/connectors"
)

// exactly is a reader that knows how much it has, and writes that by itself.
type exactly interface {
	io.WriterTo
	Len() int
}

// SendTo writes the part's bytes to w. A reader that holds just these in memory writes
// them itself, without a copy: w has to fail once the context has ended, as connections do
// that are closed then, for Detach waits for it.
func (p *PartReader) SendTo(w io.Writer) (int64, error) {
	if n, err, done := p.writeAll(w); done {
		return n, err
	}
	return io.Copy(w, struct{ io.Reader }{p})
}

// writeAll is not done where the bytes have to be read one after the other.
func (p *PartReader) writeAll(w io.Writer) (n int64, err error, done bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	whole, ok := p.r.(exactly)
	if !ok || p.left == 0 || int64(whole.Len()) != p.left {
		return 0, nil, false
	}
	n, err = whole.WriteTo(&ending{p, w})
	p.left -= n
	if err == nil && p.left > 0 {
		err = connectors.Errorf(connectors.KindIncomplete, "write part of", p.path, "the reader of part %d ends %d bytes early", p.part.Number, p.left)
	}
	return n, err, true
}

// ending writes until the part's context ends.
type ending struct {
	p *PartReader
	w io.Writer
}

func (e *ending) Write(b []byte) (int, error) {
	if err := e.p.ctx.Err(); err != nil {
		return 0, Ended("write part of", e.p.path, err)
	}
	return e.w.Write(b)
}
