package transfer

import (
	"context"
	"io"
	"sync/atomic"
	"testing"

	"gantry/connectors"
	"gantry/transfer/growing"
)

// hasty takes a recording for finished once, when it has a size.
type hasty struct {
	Growth
	at   int64
	said atomic.Bool
}

func (h *hasty) Wait(ctx context.Context, size int64) (growing.State, error) {
	if size <= h.at || h.said.Load() {
		return h.Growth.Wait(ctx, size)
	}
	state, err := h.Growth.Wait(ctx, h.at)
	if err == nil {
		state.Closed = growing.ByRest
		h.said.Store(true)
	}
	return state, err
}

// rereads counts how often what is staged is read to the end from an offset.
type rereads struct {
	*script
	offset int64
	times  atomic.Int32
}

func (p *rereads) Begin(ctx context.Context, path string, o connectors.UploadOptions) (connectors.Upload, error) {
	up, err := p.script.Begin(ctx, path, o)
	if err != nil {
		return nil, err
	}
	return reread{up.(stagedUpload), p}, nil
}

type reread struct {
	stagedUpload
	p *rereads
}

func (u reread) OpenStaged(ctx context.Context, offset, length int64) (io.ReadCloser, error) {
	r, err := u.stagedUpload.OpenStaged(ctx, offset, length)
	if err == nil && offset == u.p.offset {
		r = closing{r, func() { u.p.times.Add(1) }}
	}
	return r, err
}

type closing struct {
	io.ReadCloser
	closed func()
}

func (c closing) Close() error {
	c.closed()
	return c.ReadCloser.Close()
}

// What was proved when a recording only seemed to have ended is read again when it has.
func TestEachEndOfARecordingIsProved(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	r := s.record("take.mov", 40*part)
	to := &rereads{script: &script{Place: s.folder("a")}, offset: 10 * part}
	job := s.growing("take.mov", growing.Options{}, to)
	h := &hasty{Growth: job.Growth, at: 30 * part}
	job.Growth = h
	var compares, ended atomic.Bool
	source := &script{Place: s.folder("source")}
	source.open = func(_ int, offset int64, r io.ReadCloser) (io.ReadCloser, error) {
		if offset == 0 && h.said.Load() {
			compares.Store(true)
		}
		return r, nil
	}
	source.stat = func(_ int, e connectors.Entry, err error) (connectors.Entry, error) {
		if !compares.Load() || ended.Swap(true) {
			return e, err
		}
		until(t, "the reading at the false end", func() bool { return to.times.Load() == 2 })
		s.turn("a", 10*part+7)
		r.end()
		return source.Place.Stat(s.ctx, "take.mov")
	}
	job.Source.Place = source
	run := s.begin(s.ctx, job)
	r.write(30 * part)
	receipt := run.wait()
	s.holds("a", "take.mov", r.data)
	if !ended.Load() || len(receipt.Copies[0].Notes) != 1 {
		t.Errorf("%d readings: %+v", to.times.Load(), receipt.Copies[0])
	}
}

// A reading that began before the end proves nothing at it, nor does an earlier one.
func TestAReadingFromBeforeTheEndProvesNothing(t *testing.T) {
	t.Parallel()
	d := &delivery{r: &run{growth: &growth{}}, proved: map[int]connectors.Part{1: {Number: 1}}, ended: make(chan struct{}, 1), to: Destination{Verify: VerifyReadback}}
	under := d.seal(2)
	d.doubtProofs()
	under(connectors.Part{Number: 2})
	if len(d.proved) != 0 {
		t.Errorf("%v are proved", d.proved)
	}
	d.seal(3)(connectors.Part{Number: 3})
	if d.doubtProofs(); len(d.proved) != 0 || len(d.ended) != 1 {
		t.Errorf("%v are proved, %d ends are told", d.proved, len(d.ended))
	}
}
