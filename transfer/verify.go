package transfer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"

	"gantry/connectors"
	"gantry/transfer/digest"
	"gantry/transfer/schedule"
)

// verifyStaged proves the upload before it is visible, where the place computes its
// digest or shows what is staged. It gives no evidence where the commit brings the
// proof, or only what is committed can be proved.
func (d *delivery) verifyStaged(ctx context.Context) (evidence, error) {
	if u, moves := d.upload.(*consignment); moves {
		return d.verifyMoved(ctx, u)
	}
	staged, ok := connectors.As[connectors.Staged](d.upload)
	if !ok && !d.provable() {
		d.abort(ctx)
		return evidence{}, errUnprovable(d.to.Path)
	}
	if d.way.Proof == ProofSize || d.way.Proof == ProofNative && !d.way.asked {
		return evidence{}, nil
	}
	if d.provesEarly() || ok && d.provedByFinding() {
		return d.verifyGrown(ctx, staged)
	}
	e, wrong, err := d.hashStaged(ctx)
	if err != nil || e.proof != "" || !ok {
		return e, err
	}
	if !wrong && d.heard(ctx) { // a doubt costs the whole reading
		if e, err := d.bySpots(ctx, staged); err != nil || e.proof != "" {
			return e, err
		}
	}
	bad, by, err := d.readBackStaged(ctx, staged)
	switch {
	case connectors.KindOf(err) == connectors.KindNotFound:
		return e, errGone
	case err != nil:
		return e, err
	case len(bad) > 0:
		return e, d.reject(ctx, bad)
	case wrong:
		d.note("the place computed another digest than that of the bytes that it gives back: it was not believed")
	}
	e = d.byReading()
	e.digest = cmp.Or(by, e.digest)
	return e, nil
}

// verifyMoved receives what was moved and is hidden, and reads it.
func (d *delivery) verifyMoved(ctx context.Context, u *consignment) (evidence, error) {
	switch hidden := u.hidden(); {
	case !hidden && !d.provable():
		d.abort(ctx)
		return evidence{}, errUnprovable(d.to.Path)
	case !hidden || d.traits.WholeDigest != "" || d.bySize():
		return evidence{}, nil
	}
	if err := d.receive(ctx, u.collect); err != nil {
		return evidence{}, err
	}
	defer u.d.forget(u.entry.Path)
	bad, err := d.readBack(ctx, u.OpenStaged)
	switch {
	case len(bad) > 0:
		return evidence{}, d.reject(ctx, nil) // a movement is repeated as a whole, under another name
	case connectors.KindOf(err) == connectors.KindNotFound:
		return evidence{}, errGone
	case err != nil:
		return evidence{}, err
	}
	return d.byReading(), nil
}

// bySpots is the evidence of a copy that was read back as it arrived, and of which some
// was read again at the end. There is none if that is wrong.
func (d *delivery) bySpots(ctx context.Context, staged connectors.Staged) (evidence, error) {
	all := d.r.pass.whole.Parts
	some := d.spots(all)
	bad, err := d.readBackSome(ctx, staged.OpenStaged, some)
	if connectors.KindOf(err) == connectors.KindNotFound {
		return evidence{}, errGone
	}
	if err != nil || len(bad) > 0 {
		return evidence{}, err
	}
	e := d.byReading()
	e.reason += fmt.Sprintf("; the way there is long: each part was read back as it arrived, and %d of %d once more at the end", len(some), len(all))
	return e, nil
}

// byReading is the evidence of a copy that was read back.
func (d *delivery) byReading() evidence {
	by := connectors.XXH128
	if d.r.pass.whole.Digests[by] == "" {
		by = connectors.CRC64NVME
	}
	return evidence{ProofReadback, by, d.because()}
}

// hashStaged has the place compute the digest of the upload, if it can. wrong tells
// that it is another one than ours: reading it back shows where.
func (d *delivery) hashStaged(ctx context.Context) (e evidence, wrong bool, err error) {
	hasher, ok := connectors.As[connectors.StagedHasher](d.upload)
	if !ok || !d.way.asked {
		return e, false, nil
	}
	theirs, err := d.ask(ctx, hasher.HashStaged)
	if connectors.KindOf(err) == connectors.KindNotFound {
		return e, false, errGone
	}
	strong, equal := d.compare(theirs)
	if err != nil || !strong || !equal {
		return e, strong && !equal, err
	}
	return d.natively(theirs, d.way.Reason), false, nil
}

// provable tells whether a committed file can be proved.
func (d *delivery) provable() bool {
	_, readable := d.to.Place.(connectors.Source)
	_, hashes := connectors.As[connectors.Hasher](d.to.Place)
	return (readable || hashes) && !d.traits.WriteOnly || d.traits.WholeDigest != "" || d.bySize()
}

// bySize tells whether the size alone is proof enough.
func (d *delivery) bySize() bool { return cmp.Or(d.to.Verify, d.r.job.Verify) == VerifySize }

func errUnprovable(path string) error {
	return &connectors.Error{
		Kind: connectors.KindUnsupported, Op: "copy", Path: path,
		Err:    errors.New("the place gives no digest and cannot be read, so that a copy cannot be proved"),
		Remedy: "allow proof by size alone for this destination: proof: size in its Location, or gantry copy --verify size",
	}
}

// readBack reads a copy and compares it with what was sent. It returns the numbers
// of the parts that differ.
func (d *delivery) readBack(ctx context.Context, open func(context.Context, int64, int64) (io.ReadCloser, error)) (bad []int, err error) {
	d.gauge.enter(PhaseVerify, 0)
	whole := d.r.pass.whole
	if right, ok := d.readBackHere(ctx, open); ok {
		if !right {
			bad = []int{1}
		}
		return bad, nil
	}
	set, err := digest.New(connectors.XXH128)
	if err != nil {
		return nil, err
	}
	s := scan{
		what: "read back", path: d.to.Path, open: open, parts: d.r.plan().All(), note: d.retrier("read back").note,
		algorithms: []connectors.Algorithm{connectors.CRC64NVME}, control: d.r.control, until: oneStream(d.to.Place, d.r.plan().Size),
		flow: d.r.flow(d.to.Place, d.to.Location, schedule.Read),
		each: func(_ context.Context, p *piece) error {
			defer p.drop()
			_, equal := p.part.Digests.Agree(whole.Parts[p.part.Number-1].Digests)
			if p.short || !equal {
				bad = append(bad, p.part.Number)
			}
			set.Write(p.data)
			d.gauge.done.Add(p.part.Size)
			return nil
		},
	}
	if err := s.brief(ctx, d.r.e, d.ownShare(), d.r.plan()); err != nil {
		return nil, err
	}
	if _, equal := set.End().Agree(whole.Digests); !equal && len(bad) == 0 {
		return nil, connectors.Errorf(connectors.KindIntegrity, "read back", d.to.Path, "the parts are right and the whole is not")
	}
	return bad, nil
}
