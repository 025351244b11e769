package transfer

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"gantry/connectors"
	"gantry/transfer/digest"
	"gantry/transfer/durable"
)

// prepare sees to it that there is a packed file of the source as it is now: that of an
// earlier run, or a new one.
func (p *packer) prepare(ctx context.Context, r *run) error {
	path := p.job.Source.Path
	original, err := p.e.stat(ctx, p.from, path, r.noteRetry)
	if err != nil {
		return err
	}
	if v := p.job.Source.Version; v != nil && !v.SameVersion(original) {
		return connectors.Errorf(connectors.KindChanged, "pack", path, "the source is not the version that was asked for")
	}
	m := p.recall()
	if m == nil || m.Recipe != p.job.Pack.Recipe() || !m.Original.SameVersion(original) {
		if m, err = p.make(ctx, r, original); err != nil {
			return err
		}
	}
	p.made.Store(m)
	return nil
}

// recall finds the packed file of an earlier run, or what the receipt says of it.
func (p *packer) recall() *packing {
	var m packing
	data, err := os.ReadFile(p.note())
	if err == nil && json.Unmarshal(data, &m) == nil {
		if info, err := os.Stat(p.file()); err == nil && info.Size() == m.Entry.Size {
			return &m
		}
	}
	var c Receipt
	record, err := p.e.journal.Record(p.job.ID)
	if err == nil && json.Unmarshal(record.Receipt, &c) == nil && c.Packed != nil {
		return &packing{*c.Packed, c.Source.Entry}
	}
	return nil
}

func (p *packer) file() string { return filepath.Join(p.dir, "packed") }
func (p *packer) note() string { return filepath.Join(p.dir, "packed.json") }

// make packs the source, and looks whether it stayed the same meanwhile.
func (p *packer) make(ctx context.Context, r *run, original connectors.Entry) (*packing, error) {
	path := original.Path
	if err := os.MkdirAll(p.dir, 0o700); err != nil {
		return nil, p.trouble(path, err)
	}
	if err := p.receive(ctx, r, original); err != nil {
		return nil, err
	}
	l, err := p.e.room.take(path, original.Size, 0)
	if err != nil {
		return nil, err
	}
	defer l.drop()
	read, made, err := p.apply(ctx, r, original, l)
	if err != nil {
		return nil, err
	}
	switch now, err := p.e.stat(ctx, p.from, path, r.noteRetry); {
	case err != nil:
		return nil, err
	case !now.SameVersion(original):
		return nil, &connectors.Error{Kind: connectors.KindChanged, Op: "pack", Path: path, Err: errChanged, Remedy: "run the job again once the source has settled"}
	}
	m := &packing{
		Packed: Packed{Recipe: p.job.Pack.Recipe(), Original: original, Digests: read.Sums()},
		Entry:  connectors.Entry{Path: path, Size: made.Size(), ModTime: original.ModTime, Version: "packed " + rand.Text(), Digests: made.Sums()},
	}
	if err := p.expected(m); err != nil {
		return nil, err
	}
	data, err := json.Marshal(m)
	if err == nil {
		err = durable.Write(p.note(), durable.Bytes(data))
	}
	if err != nil {
		return nil, p.trouble(path, err)
	}
	return m, nil
}

// expected compares what was read with all that is known of the source.
func (p *packer) expected(m *packing) error {
	for _, claims := range []connectors.Digests{m.Original.Digests, m.Original.Stated} {
		if _, equal := m.Digests.Agree(claims); !equal {
			return &connectors.Error{
				Kind: connectors.KindIntegrity, Op: "pack", Path: m.Original.Path, Err: fmt.Errorf("%w: %v", errDamaged, claims),
				Remedy: "take it from another copy; this one is damaged, or the way to it is",
			}
		}
	}
	if common, equal := m.Digests.Agree(p.job.Expect); !equal || common < len(p.job.Expect) {
		return &connectors.Error{
			Kind: connectors.KindIntegrity, Op: "pack", Path: m.Original.Path, Err: errUnexpected, Remedy: "fetch the original again, or correct what was expected",
		}
	}
	return nil
}

// apply hashes what it reads and, so that the packed file is believed only as long as
// it is what was written, what it makes.
func (p *packer) apply(ctx context.Context, r *run, original connectors.Entry, l *lease) (read, made *digest.Set, err error) {
	if read, err = digest.New(append(p.job.algorithms(), connectors.CRC64NVME)...); err != nil {
		return nil, nil, err
	}
	if made, err = digest.New(connectors.XXH128, connectors.CRC64NVME); err != nil {
		return nil, nil, err
	}
	src := p.source(ctx, r, original, read)
	defer src.close()
	err = durable.Write(p.file(), func(w io.Writer) error {
		return p.job.Pack.Apply(&packSink{w: io.MultiWriter(w, made), lease: l, path: original.Path, most: p.e.room.most(original.Size)}, src)
	})
	switch {
	case src.err != nil:
		return nil, nil, src.err
	case err == nil && src.at < original.Size:
		return nil, nil, connectors.Errorf(connectors.KindIntegrity, "pack", original.Path, "%d bytes come after its end", original.Size-src.at)
	case err != nil:
		return nil, nil, p.trouble(original.Path, ended(ctx, err))
	}
	return read, made, nil
}
