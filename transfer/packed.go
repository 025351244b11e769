package transfer

import (
	"context"
	"errors"
	"io"
	"iter"
	"os"
	"path/filepath"
	"sync/atomic"

	"gantry/connectors"
	"gantry/connectors/promise"
)

// A Pack makes another file of the source before it is sent, as seal.Seal and
// seal.Opener do.
type Pack interface {
	Recipe() string // the same for those that do the same
	Apply(dst io.Writer, src io.Reader) error
}

// Packed says what a copy was made of that is not the source as it is.
type Packed struct {
	Recipe   string             `json:"recipe"`
	Original connectors.Entry   `json:"original"`
	Digests  connectors.Digests `json:"digests"` // of the original
}

// A packer stands for the source of a job that packs: the packed file is made in the
// scratch folder and stays there until the job is done, so that a later run sends the
// same bytes.
type packer struct {
	e    *Engine
	job  Job // as it was given
	from connectors.Source
	dir  string
	made atomic.Pointer[packing] // nil until there is one
}

// A packing is the packed file, as it stands in a file beside it.
type packing struct {
	Packed
	Entry connectors.Entry `json:"entry"`
}

// packs gives the job a packer, if it wants one. What is expected of the source is
// then for the packer to see to.
func (e *Engine) packs(j Job) (Job, *packer) {
	if j.Pack == nil {
		return j, nil
	}
	p := &packer{e: e, job: j, from: j.Source.Place, dir: filepath.Join(e.o.Scratch, scratchName(j.ID))}
	j.Source.Place, j.Source.Version, j.Expect = p, nil, nil
	return j, p
}

// packed is for the receipt.
func (p *packer) packed() *Packed {
	if p == nil {
		return nil
	}
	if m := p.made.Load(); m != nil {
		return &m.Packed
	}
	return nil
}

// Stat describes the packed file, as long as the source is what it was made of.
func (p *packer) Stat(ctx context.Context, path string) (connectors.Entry, error) {
	original, err := p.from.Stat(ctx, path)
	if err != nil {
		return original, err
	}
	m := p.made.Load()
	if m == nil || !m.Original.SameVersion(original) {
		return original, connectors.Errorf(connectors.KindChanged, "pack", path, "%w", errChanged)
	}
	return m.Entry, nil
}

// Open reads the packed file.
func (p *packer) Open(ctx context.Context, path string, offset, length int64) (io.ReadCloser, error) {
	f, err := os.Open(p.file())
	if errors.Is(err, os.ErrNotExist) {
		return nil, &connectors.Error{
			Kind: connectors.KindChanged, Op: "open", Path: path, Err: errors.New("what was packed of it is gone from the scratch folder"), Remedy: "run the job again: it is packed anew",
		}
	}
	if err == nil {
		_, err = f.Seek(offset, io.SeekStart)
	}
	if err != nil {
		return nil, p.trouble(path, err)
	}
	return promise.Exactly(ctx, path, f, length), nil
}

// List is not what a packer is for.
func (p *packer) List(context.Context, string) iter.Seq2[connectors.Entry, error] {
	return func(yield func(connectors.Entry, error) bool) {
		yield(connectors.Entry{}, connectors.Errorf(connectors.KindUnsupported, "list", "", "files are packed one by one"))
	}
}

// trouble leaves errors that have a kind as they are; others are of the scratch folder.
func (p *packer) trouble(path string, err error) error {
	var known *connectors.Error
	if errors.As(err, &known) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return diskTrouble("pack", path, p.e.o.Scratch, err)
}
