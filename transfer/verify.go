package transfer

import (
	"cmp"
	"context"
	"errors"
	"io"

	"gantry/connectors"
	"gantry/transfer/digest"
)

// verifyStaged proves the upload before it is visible, where the place shows what
// is staged and does not vouch for a digest of its own.
func (d *delivery) verifyStaged(ctx context.Context) (Proof, error) {
	staged, ok := connectors.As[connectors.Staged](d.upload)
	u, moves := d.upload.(*consignment)
	if moves {
		ok = u.hidden()
	}
	if !ok && !d.provable() {
		d.abort(ctx)
		return "", errUnprovable(d.to.Path)
	}
	if !ok || d.traits.WholeDigest != "" || d.bySize() {
		return "", nil
	}
	if moves {
		if err := d.receive(ctx, u.bring); err != nil {
			return "", err
		}
		defer u.d.forget(u.entry.Path)
	}
	bad, err := d.readBack(ctx, staged.OpenStaged)
	switch {
	case moves && len(bad) > 0:
		return "", d.reject(ctx, nil) // a movement is repeated as a whole, under another name
	case connectors.KindOf(err) == connectors.KindNotFound:
		return "", errGone
	case err != nil:
		return "", err
	case len(bad) > 0:
		return "", d.reject(ctx, bad)
	default:
		return ProofReadback, nil
	}
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
	set, err := digest.New(connectors.XXH128)
	if err != nil {
		return nil, err
	}
	s := scan{
		what: "read back", path: d.to.Path, open: open, parts: d.r.plan().All(), note: d.retrier("read back").note,
		algorithms: []connectors.Algorithm{connectors.CRC64NVME}, control: d.r.control,
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
	if err := s.run(ctx, d.r.e, d.ownShare()); err != nil {
		return nil, err
	}
	if _, equal := set.Sums().Agree(whole.Digests); !equal && len(bad) == 0 {
		return nil, connectors.Errorf(connectors.KindIntegrity, "read back", d.to.Path, "the parts are right and the whole is not")
	}
	return bad, nil
}
