package promise

import (
	"context"
	"io"
	"sync"

	"gantry/connectors"
)

// A PartReader reads one part's bytes from what Upload.WritePart was given: no
// more than the part has, KindIncomplete if there are fewer, and the context's
// error once that ended. After Detach it reads no more, so that the caller of
// WritePart has its reader back even if a library still holds this one.
type PartReader struct {
	ctx  context.Context
	path string
	part connectors.Part

	mu   sync.Mutex
	r    io.Reader // nil once detached
	left int64
}

// NewPartReader reads p's bytes from r, from where r stands. Only path is shown
// in errors.
func NewPartReader(ctx context.Context, path string, p connectors.Part, r io.Reader) *PartReader {
	return &PartReader{ctx: ctx, path: path, part: p, r: r, left: p.Size}
}

// Read implements io.Reader.
func (p *PartReader) Read(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.ctx.Err(); err != nil {
		return 0, Ended("write part of", p.path, err)
	}
	if p.r == nil {
		return 0, connectors.Errorf(connectors.KindCanceled, "write part of", p.path, "the call has ended")
	}
	if p.left == 0 {
		return 0, io.EOF
	}
	n, err := p.r.Read(b[:min(int64(len(b)), p.left)])
	p.left -= int64(n)
	if err == io.EOF && p.left > 0 {
		err = connectors.Errorf(connectors.KindIncomplete, "write part of", p.path, "the reader of part %d ends after %d of %d bytes",
			p.part.Number, p.part.Size-p.left, p.part.Size)
	} else if err == io.EOF {
		err = nil
	}
	return n, err
}

// Detach waits for a Read in progress and lets no other begin.
func (p *PartReader) Detach() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.r = nil
}

// Check refuses a part that no upload can have.
func Check(path string, p connectors.Part) error {
	if p.Number < 1 || p.Offset < 0 || p.Size < 0 {
		return connectors.Errorf(connectors.KindInvalid, "write part of", path, "part %d of %d bytes at %d cannot be", p.Number, p.Size, p.Offset)
	}
	return nil
}
