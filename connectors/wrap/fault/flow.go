package fault

import (
	"context"
	"io"
)

type stream struct {
	io.ReadCloser
	faulty
}

func (s *stream) Read(b []byte) (int, error) { return s.faulty.read(b) }

// A part that is rewound fails again at the same byte.
type part struct {
	io.ReadSeeker
	faulty
}

func (p *part) Read(b []byte) (int, error) { return p.faulty.read(b) }

func (p *part) Seek(offset int64, whence int) (int64, error) {
	before, err := p.ReadSeeker.Seek(0, io.SeekCurrent)
	if err != nil {
		return 0, err
	}
	after, err := p.ReadSeeker.Seek(offset, whence)
	p.at += after - before
	return after, err
}

// faulty reads, and does its worst at a byte counted from where it began.
type faulty struct {
	ctx    context.Context
	r      io.Reader
	effect Effect
	at     int64
}

func (f *faulty) read(b []byte) (int, error) {
	if f.effect.flow == flips {
		return f.flip(b)
	}
	left := f.effect.at - f.at
	if left <= 0 {
		if err := f.effect.stop(f.ctx); err != nil {
			return 0, err
		}
		return 0, io.EOF
	}
	n, err := f.r.Read(b[:min(int64(len(b)), left)])
	f.at += int64(n)
	return n, err
}

func (f *faulty) flip(b []byte) (int, error) {
	n, err := f.r.Read(b)
	if i := f.effect.at - f.at; i >= 0 && i < int64(n) {
		b[i] ^= f.effect.bit
	}
	f.at += int64(n)
	return n, err
}
