package transfer

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"os"
	"path/filepath"
	"sync"
	"time"

	"gantry/connectors"
	"gantry/connectors/promise"
	"gantry/transfer/digest"
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

	mu   sync.Mutex
	made *packing
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
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.made == nil {
		return nil
	}
	return &p.made.Packed
}

// Stat describes the packed file, which it makes if there is none of this version of
// the source.
func (p *packer) Stat(ctx context.Context, path string) (connectors.Entry, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	original, err := p.from.Stat(ctx, path)
	if err != nil {
		return original, err
	}
	if v := p.job.Source.Version; v != nil && !v.SameVersion(original) {
		return original, connectors.Errorf(connectors.KindChanged, "pack", path, "the source is not the version that was asked for")
	}
	if p.made == nil {
		p.recall()
	}
	if m := p.made; m != nil && m.Recipe == p.job.Pack.Recipe() && m.Original.SameVersion(original) {
		return m.Entry, nil
	}
	p.made = nil
	m, err := p.make(ctx, original)
	if err != nil {
		return connectors.Entry{}, err
	}
	p.made = m
	return m.Entry, nil
}

// recall finds the packed file of an earlier run, or what the receipt says of it.
func (p *packer) recall() {
	var m packing
	data, err := os.ReadFile(p.note())
	if err == nil && json.Unmarshal(data, &m) == nil {
		if info, err := os.Stat(p.file()); err == nil && info.Size() == m.Entry.Size {
			p.made = &m
			return
		}
	}
	var c Receipt
	record, err := p.e.journal.Record(p.job.ID)
	if err == nil && json.Unmarshal(record.Receipt, &c) == nil && c.Packed != nil {
		p.made = &packing{*c.Packed, c.Source.Entry}
	}
}

func (p *packer) file() string { return filepath.Join(p.dir, "packed") }
func (p *packer) note() string { return filepath.Join(p.dir, "packed.json") }

// make packs the source, and looks whether it stayed the same meanwhile.
func (p *packer) make(ctx context.Context, original connectors.Entry) (*packing, error) {
	path := original.Path
	if err := os.MkdirAll(p.dir, 0o700); err != nil {
		return nil, p.trouble(path, err)
	}
	l, err := p.e.room.take(path, original.Size, 0)
	if err != nil {
		return nil, err
	}
	defer l.drop()
	set, err := digest.New(append(p.job.algorithms(), connectors.CRC64NVME)...)
	if err != nil {
		return nil, err
	}
	made, err := p.apply(ctx, original, set)
	if err != nil {
		return nil, err
	}
	switch now, err := p.from.Stat(ctx, path); {
	case err != nil:
		return nil, err
	case !now.SameVersion(original):
		return nil, &connectors.Error{Kind: connectors.KindChanged, Op: "pack", Path: path, Err: errChanged, Remedy: "run the job again once the source has settled"}
	}
	m := &packing{
		Packed: Packed{Recipe: p.job.Pack.Recipe(), Original: original, Digests: set.Sums()},
		Entry:  connectors.Entry{Path: path, Size: made.Size(), ModTime: original.ModTime, Version: "packed " + rand.Text(), Digests: made.Sums()},
	}
	if _, equal := m.Digests.Agree(p.job.Expect); !equal {
		return nil, &connectors.Error{
			Kind: connectors.KindIntegrity, Op: "pack", Path: path, Err: errUnexpected, Remedy: "fetch the original again, or correct what was expected",
		}
	}
	data, err := json.Marshal(m)
	if err == nil {
		err = writeDurably(p.note(), func(f *os.File) error { _, err := f.Write(data); return err })
	}
	if err != nil {
		return nil, p.trouble(path, err)
	}
	return m, nil
}

// apply hashes what it reads and, so that the packed file is believed only as long as
// it is what was written, what it makes.
func (p *packer) apply(ctx context.Context, original connectors.Entry, set *digest.Set) (made *digest.Set, err error) {
	if d, ok := p.from.(*depot); ok {
		if err := d.bring(ctx, original.Path, nil); err != nil {
			return nil, err
		}
	}
	if made, err = digest.New(connectors.XXH128, connectors.CRC64NVME); err != nil {
		return nil, err
	}
	ctx, w := p.e.watched(ctx, nil, "pack", original.Path)
	defer w.close()
	stream, err := p.from.Open(ctx, original.Path, 0, original.Size)
	if err != nil {
		return nil, ended(ctx, err)
	}
	closing := sync.OnceFunc(func() { stream.Close() })
	defer closing()
	defer context.AfterFunc(ctx, closing)()
	src := &packSource{r: io.TeeReader(stream, set), moved: w.moved, left: original.Size, tell: p.teller(original.Size)}
	err = writeDurably(p.file(), func(f *os.File) error {
		return p.job.Pack.Apply(io.MultiWriter(f, made), src)
	})
	switch {
	case src.err != nil:
		return nil, ended(ctx, src.err)
	case err == nil && src.left > 0:
		return nil, connectors.Errorf(connectors.KindIntegrity, "pack", original.Path, "%d bytes come after its end", src.left)
	case err != nil:
		return nil, p.trouble(original.Path, ended(ctx, err))
	}
	return made, nil
}

// teller tells the job's progress at most ten times a second.
func (p *packer) teller(total int64) func(done int64) {
	if p.job.Progress == nil {
		return func(int64) {}
	}
	var last time.Time
	return func(done int64) {
		if now := p.e.o.Now(); now.Sub(last) >= 100*time.Millisecond {
			last = now
			p.job.Progress(Progress{Job: p.job.ID, Phase: PhasePack, ETA: -1, Done: done, Total: total})
		}
	}
}

// A packSource tells errors of reading from those of packing.
type packSource struct {
	r     io.Reader
	moved func()
	tell  func(done int64)
	done  int64
	left  int64
	err   error
}

func (s *packSource) Read(b []byte) (int, error) {
	n, err := s.r.Read(b)
	s.done, s.left = s.done+int64(n), s.left-int64(n)
	if n > 0 {
		s.moved()
		s.tell(s.done)
	}
	if errors.Is(err, io.EOF) && s.left > 0 {
		err = connectors.Errorf(connectors.KindIncomplete, "read", "source", "it ends %d bytes early", s.left)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
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

// writeDurably makes a file that is whole or not there.
func writeDurably(name string, write func(*os.File) error) error {
	f, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+"-*.tmp")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // not there any more if all went well
	err = write(f)
	if err == nil {
		err = f.Sync()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	return err
}
